//! Rooms and teachers by their names: what a name means at a school, and in the whole county.

use std::collections::{BTreeMap, HashMap};

use protocol::SchoolId;

use crate::spelling::fold;

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant<I> {
    /// This one.
    One(I),
    /// Nothing.
    None,
    /// Any of these.
    Several(Vec<I>),
}

impl<I: Clone> Meant<I> {
    fn of(found: Option<&Vec<I>>) -> Self {
        match found.map(Vec::as_slice) {
            None | Some([]) => Self::None,
            Some([one]) => Self::One(one.clone()),
            Some(several) => Self::Several(several.to_vec()),
        }
    }

    /// This, or else `next`.
    pub fn or_else(self, next: impl FnOnce() -> Self) -> Self {
        if matches!(self, Self::None) { next() } else { self }
    }
}

/// Everything of one kind that is at some school under some name.
#[derive(Debug)]
pub struct Roster<I> {
    all: BTreeMap<I, (SchoolId, String)>,
    of_school: HashMap<SchoolId, Vec<I>>,
    at_school: HashMap<(SchoolId, String), Vec<I>>,
    anywhere: HashMap<String, Vec<I>>,
    /// By the names of school and thing, one after the other.
    in_full: HashMap<String, Vec<I>>,
}

impl<I: Clone + Ord> Roster<I> {
    /// Nobody and nothing.
    pub fn new() -> Self {
        Self {
            all: BTreeMap::new(),
            of_school: HashMap::new(),
            at_school: HashMap::new(),
            anywhere: HashMap::new(),
            in_full: HashMap::new(),
        }
    }

    /// Adds `id`, unless it is there.
    pub fn put(&mut self, id: &I, school: &SchoolId, school_name: &str, name: &str) {
        if self.all.insert(id.clone(), (school.clone(), name.to_owned())).is_some() {
            return;
        }
        let key = fold(name);
        self.in_full.entry(fold(school_name) + &key).or_default().push(id.clone());
        self.anywhere.entry(key.clone()).or_default().push(id.clone());
        self.of_school.entry(school.clone()).or_default().push(id.clone());
        self.at_school.entry((school.clone(), key)).or_default().push(id.clone());
    }

    /// Its school and name.
    pub fn get(&self, id: &I) -> Option<&(SchoolId, String)> {
        self.all.get(id)
    }

    /// What `name` means at `school`.
    pub fn at(&self, school: &SchoolId, name: &str) -> Meant<I> {
        Meant::of(self.at_school.get(&(school.clone(), fold(name))))
    }

    /// What `name`, with the school's name before it, means.
    pub fn in_full(&self, name: &str) -> Meant<I> {
        Meant::of(self.in_full.get(&fold(name)))
    }

    /// What `name` means in the county.
    pub fn anywhere(&self, name: &str) -> Meant<I> {
        Meant::of(self.anywhere.get(&fold(name)))
    }

    /// The longest name in a folded text that means something which `fits`, if it is no shorter than two characters.
    pub fn longest_in(&self, folded: &str, fits: impl Fn(&I, &SchoolId) -> bool) -> Option<&str> {
        let within =
            self.anywhere.iter().filter(|(name, _)| name.chars().nth(1).is_some() && folded.contains(name.as_str()));
        let known = within.flat_map(|(_, ids)| ids).filter_map(|id| Some((id, self.all.get(id)?)));
        let fitting = known.filter(|(id, (school, _))| fits(id, school)).map(|(_, (_, name))| name.as_str());
        fitting.max_by_key(|name| (name.len(), *name))
    }

    /// Everything at `school`.
    pub fn all_at(&self, school: &SchoolId) -> impl Iterator<Item = (&I, &str)> {
        let ids = self.of_school.get(school).into_iter().flatten();
        ids.filter_map(|id| Some((id, self.all.get(id)?.1.as_str())))
    }

    /// Everything.
    pub fn all(&self) -> impl Iterator<Item = (&I, &SchoolId, &str)> {
        self.all.iter().map(|(id, (school, name))| (id, school, name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_at_a_school_and_perhaps_several_in_the_county() {
        let [east, west] = ["east", "west"].map(|id| SchoolId::parse(id).unwrap());
        let mut roster = Roster::new();
        roster.put(&1, &east, "东小", "陈静");
        roster.put(&2, &west, "西小", "陈静");
        roster.put(&3, &west, "西小", "李红");
        assert_eq!(roster.at(&east, "陈 静"), Meant::One(1));
        assert_eq!(roster.at(&east, "李红"), Meant::None);
        assert_eq!(roster.anywhere("李红"), Meant::One(3));
        assert_eq!(roster.anywhere("陈静"), Meant::Several(vec![1, 2]));
        assert_eq!(roster.in_full("西小 陈静"), Meant::One(2));
        assert_eq!(roster.all_at(&west).map(|(id, _)| *id).collect::<Vec<_>>(), [2, 3]);
    }
}
