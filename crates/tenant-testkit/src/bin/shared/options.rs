/// What stands behind the command's name: `--name value`, or `--name` alone.
pub(crate) struct Options(Vec<(String, Option<String>)>);

impl Options {
    pub(crate) fn of(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options: Vec<(String, Option<String>)> = Vec::new();
        for argument in arguments {
            match (argument.strip_prefix("--"), options.last_mut()) {
                (Some(name), _) => options.push((name.to_owned(), None)),
                (None, Some((_, value @ None))) => *value = Some(argument),
                (None, _) => return Err(format!("what is {argument}?")),
            }
        }
        Ok(Self(options))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, String> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.and_then(|(_, value)| value.as_deref()).ok_or_else(|| format!("--{name} is missing"))
    }

    pub(crate) fn number(&self, name: &str, default: u64) -> Result<u64, String> {
        match self.has(name) {
            false => Ok(default),
            true => self.text(name)?.parse().map_err(|_| format!("--{name} takes a number")),
        }
    }
}
