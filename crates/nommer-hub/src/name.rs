//! Names of models.

use std::fmt;
use std::str::FromStr;

use crate::HubError;

/// `ORG/NAME`, or `ORG/NAME@REVISION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    // Invariant: two parts of letters, digits and `._-`, neither beginning with a dot: safe in a path and a URL.
    repository: String,
    // Invariant: such parts between slashes.
    revision: Option<String>,
}

impl Name {
    /// `ORG/NAME`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The branch, tag or commit, if one is named.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// The name of a snapshot that is there.
    pub(crate) fn of(repository: &str, commit: &str) -> Name {
        Name {
            repository: repository.to_owned(),
            revision: Some(commit.to_owned()),
        }
    }
}

impl FromStr for Name {
    type Err = HubError;

    fn from_str(text: &str) -> Result<Name, HubError> {
        let wrong = || HubError::Name(text.to_owned());
        let (repository, revision) = match text.split_once('@') {
            Some((repository, revision)) => (repository, Some(revision)),
            None => (text, None),
        };
        let parts: Vec<&str> = repository.split('/').collect();
        let revisions = revision.is_none_or(|revision| revision.split('/').all(is_safe));
        if parts.len() != 2 || !parts.into_iter().all(is_safe) || !revisions {
            return Err(wrong());
        }
        // In the store `--` stands for the slash.
        if repository.contains("--") {
            return Err(wrong());
        }
        Ok(Name {
            repository: repository.to_owned(),
            revision: revision.map(str::to_owned),
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        match &self.revision {
            Some(revision) => write!(f, "@{revision}"),
            None => Ok(()),
        }
    }
}

fn is_safe(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths() {
        for text in ["zoe/ner-fr", "zoe/ner.fr@v1.0", "a/b@refs/pr/1"] {
            assert_eq!(
                text.parse::<Name>()
                    .map(|name| name.to_string())
                    .ok()
                    .as_deref(),
                Some(text)
            );
        }
        for text in [
            "",
            "ner-fr",
            "a/b/c",
            "../b",
            "a/..",
            "a/b@..",
            "a/b@",
            "a/b@x/../y",
            "/b",
            "a/",
            "é/b",
            "a/b c",
            "a--b/c",
            "a/b@.git",
        ] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}
