//! The workbook itself: which sheets it has, and what its cells refer to.

use std::collections::BTreeMap;

use super::formats::{self, NumberFormat};
use super::package::Package;
use super::strings;
use super::xml::{Node, Xml, damaged};
use crate::error::{FileKind, ReadError};
use crate::limits;

/// Where the workbook is unless the package says otherwise.
pub(super) const USUAL_PART: &str = "xl/workbook.xml";

/// What all sheets share.
pub(super) struct Book {
    pub(super) sheets: Vec<SheetEntry>,
    pub(super) strings: Vec<String>,
    /// By the number that a cell gives as its style.
    pub(super) formats: Vec<NumberFormat>,
    /// Whether days are counted from 1904 and not from 1900.
    pub(super) from_1904: bool,
}

/// A worksheet in the list of sheets.
pub(super) struct SheetEntry {
    pub(super) name: String,
    pub(super) hidden: bool,
    pub(super) part: String,
}

/// What one part says about another one.
struct Relationship {
    kind: String,
    part: String,
}

impl Book {
    pub(super) fn read(package: &mut Package<'_>) -> Result<Self, ReadError> {
        let roots = relationships(package, "")?;
        let main = roots.into_values().find(|to| to.kind == "officeDocument");
        let part = main.map_or(USUAL_PART.to_owned(), |main| main.part);
        let Some(xml) = package.read(&part, limits::LIST_BYTES)? else {
            return Err(ReadError::Unsupported { kind: FileKind::Archive });
        };
        let related = relationships(package, &part)?;
        let part_of = |kind: &str| related.values().find(|to| to.kind == kind).map(|to| to.part.clone());
        let mut book = Self { sheets: Vec::new(), strings: Vec::new(), formats: Vec::new(), from_1904: false };
        book.read_sheets(&part, &xml, &related)?;
        if let Some(part) = part_of("styles")
            && let Some(xml) = package.read(&part, limits::UNPACKED_BYTES)?
        {
            book.formats = formats::read(&part, &xml)?;
        }
        if let Some(part) = part_of("sharedStrings")
            && let Some(xml) = package.read(&part, limits::UNPACKED_BYTES)?
        {
            book.strings = strings::read(&part, &xml)?;
        }
        Ok(book)
    }

    fn read_sheets(
        &mut self,
        part: &str,
        xml: &str,
        related: &BTreeMap<String, Relationship>,
    ) -> Result<(), ReadError> {
        let mut xml = Xml::new(part, xml);
        loop {
            match xml.next()? {
                Node::Open(element) if element.is("sheet") => {
                    let id = element.attribute("id").unwrap_or_default();
                    let Some(to) = related.get(&id) else { return Err(xml.fault("it names a sheet that is missing")) };
                    // Charts and macros can be sheets too.
                    if to.kind == "worksheet" {
                        let name = element.attribute("name").unwrap_or_default();
                        let hidden = element.attribute("state").is_some_and(|state| state != "visible");
                        self.sheets.push(SheetEntry { name, hidden, part: to.part.clone() });
                    }
                }
                Node::Open(element) if element.is("workbookPr") => self.from_1904 |= element.flag("date1904"),
                Node::End => break,
                _ => (),
            }
        }
        match self.sheets.len() {
            0 => Err(ReadError::NoSheet),
            sheets if sheets > limits::SHEETS => Err(ReadError::TooManySheets { sheets }),
            _ => Ok(()),
        }
    }
}

/// What `part` relates to by id; of the package itself if `part` is empty.
fn relationships(package: &mut Package<'_>, part: &str) -> Result<BTreeMap<String, Relationship>, ReadError> {
    let (folder, name) = part.rsplit_once('/').map_or(("", part), |(folder, name)| (folder, name));
    let list = format!("{folder}/_rels/{name}.rels");
    let mut related = BTreeMap::new();
    let Some(xml) = package.read(&list, limits::LIST_BYTES)? else { return Ok(related) };
    let mut xml = Xml::new(&list, &xml);
    loop {
        match xml.next()? {
            Node::Open(element) if element.is("Relationship") => {
                let (id, target) = (element.attribute("Id"), element.attribute("Target"));
                let (Some(id), Some(target)) = (id, target) else { return Err(damaged(&list, "it lacks an id")) };
                // Transitional and strict workbooks have different addresses here that end alike.
                let kind = element.attribute("Type").unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                related.insert(id, Relationship { kind, part: resolve(folder, &target) });
            }
            Node::End => return Ok(related),
            _ => (),
        }
    }
}

/// The part that `target` means when it is named by a part in `folder`.
fn resolve(folder: &str, target: &str) -> String {
    // Some writers have backslashes.
    let target = target.replace('\\', "/");
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => (),
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_relative_unless_it_begins_with_a_slash() {
        let rows = [
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/a", "../../../styles.xml", "styles.xml"),
            ("xl", "worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
        ];
        for (folder, target, part) in rows {
            assert_eq!(resolve(folder, target), part);
        }
    }
}
