//! What texts are taken.

use tenant_core::organisations::{OrganisationError, OrganisationErrorKind, Profile, TeamMember};

/// So many projects of a member, and people in a team.
const MOST: usize = 100;
const LONGEST_NAME: usize = 200;
const LONGEST_WORD: usize = 64;
const LONGEST_SLUG: usize = 63;

pub(super) fn invalid(detail: &'static str) -> OrganisationError {
    OrganisationError::new(OrganisationErrorKind::Invalid, detail)
}

fn is_line(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}

pub(super) fn check_name(name: &str) -> Result<(), OrganisationError> {
    if !name.trim().is_empty() && is_line(name, LONGEST_NAME) {
        return Ok(());
    }
    Err(invalid("a name has 1 to 200 characters, and no control characters"))
}

pub(super) fn check_word(word: &str) -> Result<(), OrganisationError> {
    if is_line(word, LONGEST_WORD) {
        return Ok(());
    }
    Err(invalid("a type or an environment has at most 64 characters, and no control characters"))
}

/// It is part of addresses.
pub(super) fn check_slug(slug: &str) -> Result<(), OrganisationError> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_slug = (1..=LONGEST_SLUG).contains(&slug.len())
        && slug.bytes().all(is_letter)
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    if is_slug { Ok(()) } else { Err(invalid("a slug has 1 to 63 letters a-z, digits and inner hyphens")) }
}

pub(super) fn check_profile(profile: &Profile) -> Result<(), OrganisationError> {
    let Profile { first_name, last_name, username } = profile;
    [first_name, last_name, username].into_iter().flatten().try_for_each(|name| check_name(name))
}

pub(super) fn check_projects(projects: &[Box<str>]) -> Result<(), OrganisationError> {
    if projects.len() <= MOST { Ok(()) } else { Err(invalid("there are more than 100 projects")) }
}

pub(super) fn check_team(team: &[TeamMember]) -> Result<(), OrganisationError> {
    let is_twice = |(at, one): (usize, &TeamMember)| {
        team.iter().skip(at + 1).any(|other| other.person_id == one.person_id)
    };
    if team.len() > MOST {
        return Err(invalid("there are more than 100 people in the team"));
    }
    if team.iter().enumerate().any(is_twice) { Err(invalid("somebody is in the team twice")) } else { Ok(()) }
}
