//! On which line a value stands, by its path: `integrations[0].slug`.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::collections::HashMap;
use std::fmt;

/// The lines of a file's keys and list entries.
#[derive(Default)]
pub struct Lines(HashMap<String, u64>);

impl Lines {
    /// Of a text that was read without an error before; what cannot be found again is on the first line.
    pub fn of(text: &str) -> Self {
        let mut lines = Self::default();
        if let Ok(tree) = serde_saphyr::from_str(text) {
            lines.add(String::new(), tree);
        }
        lines
    }

    fn add(&mut self, path: String, tree: Tree) {
        match tree {
            Tree::Leaf => {}
            Tree::List(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.0.insert(path.clone(), item.referenced.line());
                    self.add(path, item.value);
                }
            }
            Tree::Map(entries) => {
                for (key, value) in entries {
                    let path = if path.is_empty() { key.value } else { format!("{path}.{}", key.value) };
                    self.0.insert(path.clone(), key.referenced.line());
                    self.add(path, value);
                }
            }
        }
    }

    /// The line of a path, or of the nearest thing around it.
    pub fn of_path(&self, path: &str) -> u64 {
        let around = |path: &&str| path.rfind(['.', '[']).map(|end| path[..end].len());
        let mut path = path;
        loop {
            match (self.0.get(path), around(&path)) {
                (Some(line), _) => return *line,
                (None, Some(end)) => path = &path[..end],
                (None, None) => return 1,
            }
        }
    }
}

/// Any YAML, for where its parts stand.
enum Tree {
    Leaf,
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<String>, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Builder)
    }
}

struct Builder;

/// Scalars of every kind are leaves.
macro_rules! leaves {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Tree, E> {
            Ok(Tree::Leaf)
        })*
    };
}

impl<'de> Visitor<'de> for Builder {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    leaves!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_u128: u128, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_line_where_it_stands() {
        let lines = Lines::of(
            "a: 1\nlist:\n  # a comment\n  - name: x\n    at:\n      - 1\n      - 2\n  - {name: y}\n",
        );
        let cases = [
            ("a", 1),
            ("list", 2),
            ("list[0]", 4),
            ("list[0].name", 4),
            ("list[0].at[1]", 7),
            ("list[1].name", 8),
        ];
        for (path, line) in cases {
            assert_eq!(lines.of_path(path), line, "{path}");
        }
        assert_eq!(lines.of_path("list[1].missing"), 8);
        assert_eq!(lines.of_path("nothing"), 1);
    }
}
