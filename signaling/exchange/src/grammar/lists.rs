//! Lists in one cell, separated as people do it: `石门教学点、云岭教学点`.

/// What separates the parts of a list and is in no name.
const STRONG: [char; 4] = [';', '；', '\n', '|'];
/// What separates them too, but may be in a name: 三、四年级.
pub const WEAK: [char; 3] = ['、', ',', '，'];

/// The parts of a list, without blanks around them and without empty ones.
pub fn parts(text: &str) -> Vec<&str> {
    split(text, |c| STRONG.contains(&c) || WEAK.contains(&c))
}

/// The parts of a list between separators that are in no name.
pub fn chunks(text: &str) -> Vec<&str> {
    split(text, |c| STRONG.contains(&c))
}

fn split(text: &str, separates: impl Fn(char) -> bool) -> Vec<&str> {
    text.split(separates).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A list that is split again into `parts`, whatever commas are in them.
pub fn joined(parts: &[String]) -> String {
    let plain = parts.iter().all(|part| !part.contains(WEAK));
    parts.join(if plain { "、" } else { "；" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_split_at_whatever_separates_it() {
        assert_eq!(
            parts("石门教学点、云岭教学点，柳河；a,b;\n c d \n"),
            ["石门教学点", "云岭教学点", "柳河", "a", "b", "c d"]
        );
        assert!(parts(" 、 ").is_empty());
    }

    #[test]
    fn a_joined_list_can_be_split_again() {
        for names in [&["石门", "云岭"][..], &["三、四年级", "五年级"], &[]] {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let list = joined(&names);
            assert_eq!(if list.contains('；') { chunks(&list) } else { parts(&list) }, names);
        }
    }
}
