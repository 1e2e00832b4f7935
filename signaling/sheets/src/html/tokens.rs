//! The tags and the text of a page, and of the attributes only the spans: a tag may have millions of others.

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

/// One piece of a page. Names are in lower case.
pub(super) enum Token {
    /// `<td rowspan=2>`.
    Start {
        name: Vec<u8>,
        /// The value of `rowspan` if that is a number.
        rowspan: Option<usize>,
        /// The value of `colspan` if that is a number.
        colspan: Option<usize>,
    },
    /// `</td>`.
    End { name: Vec<u8> },
    /// What is between tags, with entities replaced. It may be cut anywhere.
    Text(Vec<u8>),
}

/// The tag that has begun and not ended.
#[derive(Default)]
struct OpenTag {
    name: Vec<u8>,
    rowspan: Option<Vec<u8>>,
    colspan: Option<Vec<u8>>,
    attribute: Option<Attribute>,
}

/// The attributes that matter.
#[derive(Clone, Copy)]
enum Attribute {
    Rowspan,
    Colspan,
}

/// Goes through a page. What looks like a tag inside a script or a style is none.
pub(super) fn of(page: &str) -> impl Iterator<Item = Token> {
    let mut open = OpenTag::default();
    let mut emitter = CallbackEmitter::new(move |event: CallbackEvent<'_>, _: Span<()>| match event {
        CallbackEvent::OpenStartTag { name } => {
            open = OpenTag { name: name.to_vec(), ..OpenTag::default() };
            None
        }
        CallbackEvent::AttributeName { name } => {
            open.begin_attribute(name);
            None
        }
        CallbackEvent::AttributeValue { value } => {
            open.extend_attribute(value);
            None
        }
        CallbackEvent::CloseStartTag { .. } => Some(std::mem::take(&mut open).into_token()),
        CallbackEvent::EndTag { name } => Some(Token::End { name: name.to_vec() }),
        CallbackEvent::String { value } => Some(Token::Text(value.to_vec())),
        CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => None,
    });
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(page, emitter).map(|Ok(token)| token)
}

impl OpenTag {
    /// Of attributes with the same name the first one counts.
    fn begin_attribute(&mut self, name: &[u8]) {
        self.attribute = match name {
            b"rowspan" if self.rowspan.is_none() => Some(Attribute::Rowspan),
            b"colspan" if self.colspan.is_none() => Some(Attribute::Colspan),
            _ => None,
        };
    }

    fn extend_attribute(&mut self, value: &[u8]) {
        let of = match self.attribute {
            Some(Attribute::Rowspan) => &mut self.rowspan,
            Some(Attribute::Colspan) => &mut self.colspan,
            None => return,
        };
        of.get_or_insert_default().extend_from_slice(value);
    }

    fn into_token(self) -> Token {
        let number = |value: Option<Vec<u8>>| std::str::from_utf8(value?.trim_ascii()).ok()?.parse().ok();
        Token::Start { name: self.name, rowspan: number(self.rowspan), colspan: number(self.colspan) }
    }
}
