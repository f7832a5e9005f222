use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::ServerError;

/// The user a server runs as, where that is not the one this process runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Account {
    /// The first of these users that exists, or `nobody`, if this process is root; else none.
    pub(super) fn instead_of_root(names: &[&str]) -> Option<Self> {
        if !is_root() {
            return None;
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        names.iter().chain(&["nobody"]).find_map(|name| find(&passwd, name))
    }

    pub(super) fn own(self, path: &Path) -> Result<(), ServerError> {
        std::os::unix::fs::lchown(path, Some(self.user), Some(self.group)).map_err(ServerError::at(path))
    }
}

/// Linux shows a process's effective user as the owner of its folder.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
    let account = Account { user: fields.next()??, group: fields.next()?? };
    (account.user != 0).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/var/lib:/bin/sh\ntoor:x:0:0::/:/bin/sh\n";

    #[test]
    fn finds_a_user_by_the_whole_name() {
        assert_eq!(find(PASSWD, "postgres"), Some(Account { user: 101, group: 104 }));
        assert_eq!(find(PASSWD, "postgre"), None);
    }

    #[test]
    fn never_takes_a_second_name_of_root() {
        assert_eq!(find(PASSWD, "toor"), None);
    }
}
