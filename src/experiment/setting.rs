use toml::{Table, Value};

use super::FileProblem;

/// A key of an experiment file that the command line sets: `replay.grammar.cache_collapse.rho=0.8`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    keys: Vec<String>,
    value: Value,
}

impl std::str::FromStr for Setting {
    type Err = String;

    /// The value is one of TOML; what is none is a text.
    fn from_str(text: &str) -> Result<Self, String> {
        let (path, value) = text.split_once('=').ok_or_else(|| format!("`{text}` sets nothing; write KEY=VALUE"))?;
        let keys: Vec<String> = path.split('.').map(|key| key.trim().to_owned()).collect();
        if keys.iter().any(String::is_empty) {
            return Err(format!("`{path}` is no key; write a key such as replay.engine"));
        }
        let value = value.trim();
        let parsed =
            toml::from_str::<Table>(&format!("value = {value}")).ok().and_then(|mut table| table.remove("value"));
        Ok(Self { keys, value: parsed.unwrap_or_else(|| Value::String(value.to_owned())) })
    }
}

/// Keys of experiment files that had another name before: their table, that name, and the present one.
const RENAMED: [(&str, &str, &str); 2] = [("replay", "semantics", "engine"), ("convert", "channel", "construction")];

/// The present name of a key of a table, and the one that it had before: a file may have either, and a setting takes the place of
/// both.
fn current_name<'a>(tables: &[String], key: &'a str) -> (&'a str, Option<&'static str>) {
    let renamed =
        RENAMED.iter().find(|(table, former, present)| tables == [*table] && [*former, *present].contains(&key));
    renamed.map_or((key, None), |(_, former, present)| (*present, Some(*former)))
}

impl Setting {
    /// The text of an experiment file with the settings in it. What is no TOML is left for its reader to refuse.
    ///
    /// # Errors
    /// When a key on the way is no table.
    pub(super) fn apply(settings: &[Self], text: &str) -> Result<String, FileProblem> {
        let Ok(mut table) = toml::from_str::<Table>(text) else { return Ok(text.to_owned()) };
        for Self { keys, value } in settings {
            let (last, folders) = keys.split_last().expect("a setting has a key");
            let (last, former) = current_name(folders, last);
            let mut at = &mut table;
            for key in folders {
                let next = at.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
                at = next
                    .as_table_mut()
                    .ok_or_else(|| FileProblem::Setting { keys: keys.join("."), key: key.clone() })?;
            }
            if let Some(former) = former {
                at.remove(former);
            }
            at.insert(last.to_owned(), value.clone());
        }
        Ok(toml::to_string(&table).expect("a table of TOML is TOML"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(text: &str) -> Setting {
        text.parse().unwrap()
    }

    #[test]
    fn values_are_of_toml_and_other_words_are_texts() {
        for (text, value) in [
            ("a=1", Value::Integer(1)),
            ("a.b = 0.5", Value::Float(0.5)),
            ("a=true", Value::Boolean(true)),
            ("a=plain", Value::String("plain".to_owned())),
            ("a='1'", Value::String("1".to_owned())),
            ("a=x=y", Value::String("x=y".to_owned())),
        ] {
            assert_eq!(setting(text).value, value, "{text}");
        }
        for text in ["a", "=1", "a..b=1", ""] {
            assert!(text.parse::<Setting>().is_err(), "{text}");
        }
    }

    #[test]
    fn tables_are_made_on_the_way_and_what_is_none_is_refused() {
        let text = Setting::apply(&[setting("a.b=2"), setting("c.d.e=x")], "title = 't'\n[a]\nb = 1\n").unwrap();
        let table: Table = toml::from_str(&text).unwrap();
        assert_eq!(table["a"]["b"], Value::Integer(2));
        assert_eq!(table["c"]["d"]["e"], Value::String("x".to_owned()));
        for (table, former, present) in RENAMED {
            for key in [former, present] {
                for before in [format!("{former} = 'a'\n"), format!("{present} = 'a'\n"), String::new()] {
                    let set = [setting(&format!("{table}.{key}=x"))];
                    let text = Setting::apply(&set, &format!("[{table}]\n{before}")).unwrap();
                    assert_eq!(text, format!("[{table}]\n{present} = \"x\"\n"), "{key} over {before}");
                }
            }
        }
        let error = Setting::apply(&[setting("title.x=1")], "title = 't'\n").unwrap_err();
        assert_eq!(error.to_string(), "--set title.x: `title` is no table");
    }
}
