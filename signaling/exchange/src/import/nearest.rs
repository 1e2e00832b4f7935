//! Names that look like one that is not known: a slip of the pen, or the name in full for the name in short.

use std::cmp::Ordering;

use strsim::normalized_damerau_levenshtein;

use crate::{limits::SUGGESTIONS, spelling::fold};

/// Names less alike than this are not suggested: half of the characters are the same.
const LEAST_ALIKE: f64 = 0.5;
/// What follows a place's own name, longest first.
const ENDINGS: [&str; 12] =
    ["九年一贯制学校", "中心小学", "中心学校", "教学点", "小学", "中学", "学校", "完小", "老师", "教师", "教室", "村"];
/// What comes before it ends with one of these.
const PLACES: [char; 5] = ['省', '市', '县', '镇', '乡'];

/// A name that is there.
pub struct Candidate {
    name: String,
    folded: String,
    core: String,
}

impl Candidate {
    /// Prepares a name to be compared with many others.
    pub fn new(name: String) -> Self {
        let folded = fold(&name);
        Self { core: core(&folded), folded, name }
    }

    fn alike(&self, other: &Self) -> f64 {
        let whole = normalized_damerau_levenshtein(&self.folded, &other.folded);
        if self.core.is_empty() || other.core.is_empty() {
            return whole;
        }
        // The same name in full or in short is a sure guess, but never before the name itself.
        let cores = normalized_damerau_levenshtein(&self.core, &other.core) * 0.95;
        whole.max(cores)
    }
}

/// At most [`SUGGESTIONS`] of `candidates`, nearest first.
pub fn nearest(name: &str, candidates: &[Candidate]) -> Vec<String> {
    let sought = Candidate::new(name.chars().take(100).collect());
    let mut alike: Vec<(f64, &str)> = candidates
        .iter()
        .map(|candidate| (candidate.alike(&sought), candidate.name.as_str()))
        .filter(|(alike, _)| *alike >= LEAST_ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(b.1)));
    alike.dedup_by(|a, b| a.1 == b.1);
    alike.into_iter().take(SUGGESTIONS).map(|(_, name)| name.to_owned()).collect()
}

/// The name without the county and township before it and what it is after it.
fn core(folded: &str) -> String {
    let mut core = folded.rsplit(PLACES).find(|part| !part.is_empty()).unwrap_or(folded);
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| core.strip_suffix(ending)) {
        core = shorter;
    }
    core.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, names: &[&str]) -> Vec<String> {
        let candidates: Vec<Candidate> = names.iter().map(|name| Candidate::new((*name).to_owned())).collect();
        nearest(name, &candidates)
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_name() {
        let schools = ["清溪县实验小学", "清溪县石门镇石门教学点", "云岭教学点", "柳河教学点"];
        assert_eq!(of("石门小学", &schools)[0], "清溪县石门镇石门教学点");
        assert_eq!(of("云领教学点", &schools)[0], "云岭教学点");
        assert_eq!(of("清溪实验小学", &schools)[0], "清溪县实验小学");
        assert_eq!(of("陈晶", &["陈静", "李红", "王建国"]), ["陈静"]);
    }

    #[test]
    fn what_is_nothing_like_it_is_not_suggested() {
        assert!(of("赵六", &["陈静", "李红"]).is_empty());
        assert!(of("", &["陈静"]).is_empty());
        assert_eq!(of("甲一", &["甲二", "甲三", "甲四", "甲五"]).len(), SUGGESTIONS);
    }
}
