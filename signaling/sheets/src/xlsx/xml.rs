//! The few things of XML that a workbook has: elements, attributes and text.
//!
//! Nothing here grows: entities that a document type declares are not replaced, the document type itself is a fault,
//! elements are nested only so deep, and no attribute is compared with all the others of its element, which for a long
//! element would take for ever.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use crate::error::ReadError;
use crate::limits;

/// Goes through the XML of one part.
pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    part: &'a str,
    depth: usize,
}

/// What comes next.
pub(super) enum Node<'a> {
    /// An element begins. An empty one ends at once.
    Open(Element<'a>),
    /// Text, a character that was written as an entity included.
    Text(Cow<'a, str>),
    /// The element that began last ends.
    Close,
    /// The part ends.
    End,
}

/// The begin of an element.
pub(super) struct Element<'a>(BytesStart<'a>);

/// A workbook whose `part` breaks the format.
pub(crate) fn damaged(part: &str, fault: &str) -> ReadError {
    ReadError::Damaged { part: part.to_owned(), fault: fault.to_owned() }
}

impl<'a> Xml<'a> {
    pub(super) fn new(part: &'a str, xml: &'a str) -> Self {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, part, depth: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Node<'a>, ReadError> {
        loop {
            return Ok(match self.reader.read_event().map_err(|error| self.fault(&error.to_string()))? {
                Event::Start(element) | Event::Empty(element) => {
                    self.depth += 1;
                    if self.depth > limits::XML_DEPTH {
                        return Err(self.fault("its elements are nested too deep"));
                    }
                    Node::Open(Element(element))
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Node::Close
                }
                Event::Text(text) => Node::Text(text.into_inner()),
                Event::CData(text) => Node::Text(text.into_inner()),
                Event::GeneralRef(entity) => Node::Text(self.character(&entity)?.into()),
                Event::DocType(_) => return Err(self.fault("it has a document type")),
                Event::Eof => Node::End,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }

    /// The text of the element that has just begun, without that of the elements in it.
    pub(super) fn text(&mut self) -> Result<String, ReadError> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Node::Text(part) => text.push_str(&part),
                Node::Open(_) => self.skip()?,
                Node::Close => return Ok(text),
                Node::End => return Err(self.cut_off()),
            }
        }
    }

    /// Goes past the end of the element that has just begun.
    pub(super) fn skip(&mut self) -> Result<(), ReadError> {
        let mut open = 1usize;
        while open > 0 {
            match self.next()? {
                Node::Open(_) => open += 1,
                Node::Close => open -= 1,
                Node::Text(_) => (),
                Node::End => return Err(self.cut_off()),
            }
        }
        Ok(())
    }

    /// The part breaks the format.
    pub(super) fn fault(&self, fault: &str) -> ReadError {
        damaged(self.part, fault)
    }

    pub(super) fn cut_off(&self) -> ReadError {
        self.fault("it is cut off")
    }

    fn character(&self, entity: &BytesRef<'_>) -> Result<String, ReadError> {
        let character = match entity.resolve_char_ref().map_err(|error| self.fault(&error.to_string()))? {
            Some(character) => character,
            None => match entity.as_ref() {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                _ => return Err(self.fault("it has an unknown entity")),
            },
        };
        Ok(character.to_string())
    }
}

impl Element<'_> {
    /// Whether this is its name, without prefix.
    pub(super) fn is(&self, name: &str) -> bool {
        self.0.local_name().as_ref() == name
    }

    /// The value of an attribute by its name without prefix; the first one, should there be several.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        let attributes = attributes.with_checks(false);
        let found = attributes.flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
        found.normalized_value(XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
    }

    /// An attribute that is true or false, false if it is missing.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.attribute(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }
}
