//! The README's quick start, line by line, with curl, against the server as a process.

use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;

const README: &str = include_str!("../../../../README.md");

/// A command, and the comment behind it: what its answer must contain.
struct Step {
    command: String,
    expected: String,
}

fn steps() -> Vec<Step> {
    let section = README.split("## Quick start").nth(1).expect("the README has a quick start");
    let block = section
        .split("```sh\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("and commands in it");
    let joined = block.replace("\\\n", " ");
    let mut steps = Vec::new();
    for line in joined.lines() {
        if let Some(expected) = line.trim().strip_prefix("# ->") {
            let last: &mut Step = steps.last_mut().expect("a command before its answer");
            last.expected = expected.trim().to_owned();
        } else if !line.trim().is_empty() && !line.trim().starts_with('#') {
            steps.push(Step { command: line.trim().to_owned(), expected: String::new() });
        }
    }
    steps
}

#[test]
fn every_line_of_the_readme_does_what_it_says() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(&folder.path().join("tenants.db"));
    let base = format!("http://{}", server.address);
    let steps = steps();
    assert!(steps.len() >= 8, "{}", steps.len());
    // One shell for all, so that variables hold from line to line.
    let mut script = String::from("set -u\n");
    for step in &steps {
        script.push_str(&step.command.replace("http://127.0.0.1:8080", &base));
        script.push_str("\nprintf '\\n=====\\n'\n");
    }
    let output = Command::new("bash").arg("-c").arg(&script).output().expect("bash and curl are installed");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let answers: Vec<&str> = text.split("\n=====\n").collect();
    for (step, answer) in steps.iter().zip(&answers) {
        assert!(!step.expected.is_empty(), "{} has no answer", step.command);
        // In this order, as it is read.
        let mut rest = *answer;
        for part in step.expected.split(" ... ") {
            let found = rest.split_once(part);
            assert!(found.is_some(), "{}\nexpected {part}\ngot {answer}\n{errors}", step.command);
            rest = found.unwrap().1;
        }
    }
}
