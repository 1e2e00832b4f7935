//! Every error answer of the HTTP interface: RFC 9457 problem documents, made here and nowhere else.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use lesson::EntryError;

use timetable::{EditError, InvalidChange};

use crate::{
    county::ChangeError,
    lessons::{AdmissionError, CorrectionError},
};

/// The kinds of problem there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No bearer token.
    MissingToken,
    /// A token nobody has, or an expired one.
    InvalidToken,
    /// The role may not do this.
    NotAllowed,
    /// The person is no party of the lesson.
    NotInLesson,
    /// No such lesson.
    UnknownLesson,
    /// No such WHIP or WHEP session, or another one's.
    UnknownSession,
    /// Nothing at this path.
    NotFound,
    /// Nothing at this path answers to this method.
    MethodNotAllowed,
    /// The body is too long.
    BodyTooLarge,
    /// The body is of another type.
    UnsupportedMediaType,
    /// The body cannot be read.
    MalformedBody,
    /// A parameter cannot be read.
    MalformedParameter,
    /// The SDP offer cannot be answered.
    UnusableOffer,
    /// The timetable cannot be changed so; `field` says why.
    EditRefused,
    /// The doors are not open yet.
    DoorsClosed,
    /// The lesson is over.
    LessonEnded,
    /// There is nothing to replay (yet).
    NoRecording,
    /// The lesson is full.
    LessonFull,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// `If-Match` names an older state.
    PreconditionFailed,
    /// The same was asked for too often.
    TooOften,
    /// A WebSocket was expected.
    UpgradeRequired,
    /// The server is at fault.
    Internal,
    /// The server cannot tell just now.
    Unavailable,
}

impl Kind {
    /// Name in the type URI, status, title.
    fn row(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Kind::MissingToken => ("token-missing", S::UNAUTHORIZED, "A bearer token is needed"),
            Kind::InvalidToken => ("token-invalid", S::UNAUTHORIZED, "The token is not valid"),
            Kind::NotAllowed => ("not-allowed", S::FORBIDDEN, "The role may not do this"),
            Kind::NotInLesson => ("not-in-lesson", S::FORBIDDEN, "No party of this lesson"),
            Kind::UnknownLesson => ("unknown-lesson", S::NOT_FOUND, "No such lesson"),
            Kind::UnknownSession => ("unknown-session", S::NOT_FOUND, "No such session"),
            Kind::NotFound => ("not-found", S::NOT_FOUND, "Nothing here"),
            Kind::MethodNotAllowed => ("method-not-allowed", S::METHOD_NOT_ALLOWED, "Method not allowed"),
            Kind::BodyTooLarge => ("body-too-large", S::PAYLOAD_TOO_LARGE, "Body too long"),
            Kind::UnsupportedMediaType => ("unsupported-media-type", S::UNSUPPORTED_MEDIA_TYPE, "Wrong type of body"),
            Kind::MalformedBody => ("malformed-body", S::BAD_REQUEST, "The body cannot be read"),
            Kind::MalformedParameter => ("malformed-parameter", S::BAD_REQUEST, "A parameter cannot be read"),
            Kind::UnusableOffer => ("unusable-offer", S::UNPROCESSABLE_ENTITY, "The offer cannot be answered"),
            Kind::EditRefused => ("edit-refused", S::CONFLICT, "The timetable cannot be changed so"),
            Kind::DoorsClosed => ("doors-closed", S::CONFLICT, "The doors are not open yet"),
            Kind::LessonEnded => ("lesson-ended", S::GONE, "The lesson has ended"),
            Kind::NoRecording => ("no-recording", S::CONFLICT, "Nothing to replay"),
            Kind::LessonFull => ("lesson-full", S::SERVICE_UNAVAILABLE, "The lesson is full"),
            Kind::PreconditionRequired => ("precondition-required", S::PRECONDITION_REQUIRED, "If-Match is needed"),
            Kind::PreconditionFailed => {
                ("precondition-failed", S::PRECONDITION_FAILED, "If-Match names an older state")
            }
            Kind::TooOften => ("too-many-requests", S::TOO_MANY_REQUESTS, "Too often"),
            Kind::UpgradeRequired => ("upgrade-required", S::UPGRADE_REQUIRED, "A WebSocket is needed"),
            Kind::Internal => ("internal", S::INTERNAL_SERVER_ERROR, "The server is at fault"),
            Kind::Unavailable => ("unavailable", S::SERVICE_UNAVAILABLE, "Try again"),
        }
    }
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    detail: String,
    field: Option<String>,
}

impl Problem {
    /// What was wrong this time and what to do, in one sentence.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None }
    }

    /// The field, attribute or parameter at fault.
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The problem that stands for an error without a problem document, such as a framework's.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::new(Kind::NotFound, "there is nothing at this path"),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(Kind::MethodNotAllowed, "this path answers to other methods, see the Allow header")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(Kind::BodyTooLarge, "send a shorter body").at("body"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(Kind::UnsupportedMediaType, "send the body with the right Content-Type").at("Content-Type")
            }
            StatusCode::UPGRADE_REQUIRED => Self::new(Kind::UpgradeRequired, "connect with a WebSocket"),
            status if status.is_client_error() => Self::new(Kind::MalformedBody, "the request cannot be read"),
            _ => Self::new(Kind::Internal, "the server's log tells more"),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::Edit(EditError::UnknownLesson) => Self::new(Kind::UnknownLesson, detail).at("lesson"),
            ChangeError::Edit(why) => Self::new(Kind::EditRefused, detail).at(edit_fault(&why)),
            ChangeError::ChangedSince => Self::new(Kind::EditRefused, detail).at("changed-since"),
            ChangeError::UnknownChange => Self::new(Kind::NotFound, detail),
            ChangeError::Unwritten(error) => error.into(),
        }
    }
}

/// Why an edit was refused, in a word.
fn edit_fault(why: &EditError) -> &'static str {
    match why {
        EditError::UnknownLesson => "unknown-lesson",
        EditError::Over => "over",
        EditError::NoSuchPeriod => "no-such-period",
        EditError::NoReason => "no-reason",
        EditError::NothingChanges => "nothing-changes",
        EditError::NotWeekly => "not-weekly",
        EditError::Invalid(invalid) => match invalid {
            InvalidChange::Missing { .. } => "missing",
            InvalidChange::StillUsed(_) => "still-used",
            InvalidChange::Bells(_) => "bells",
            InvalidChange::TermDates => "term-dates",
            InvalidChange::TermsOverlap => "terms-overlap",
            InvalidChange::OutOfRange(_) => "out-of-range",
            InvalidChange::Twice(_) => "twice",
        },
    }
}

impl From<CorrectionError> for Problem {
    fn from(error: CorrectionError) -> Self {
        let detail = error.to_string();
        match error {
            CorrectionError::Unknown => Self::new(Kind::UnknownLesson, detail).at("lesson"),
            CorrectionError::Unfit(_) => Self::new(Kind::MalformedBody, detail).at("verdict"),
            CorrectionError::Unwritten(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (name, status, title) = self.kind.row();
        let document = protocol::api::Problem {
            kind: format!("/problems/{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail,
            field: self.field,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750 section 3.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl From<EntryError> for Problem {
    fn from(error: EntryError) -> Self {
        let kind = match error {
            EntryError::NotOpenYet { .. } => Kind::DoorsClosed,
            EntryError::Ended => Kind::LessonEnded,
            EntryError::NotInLesson => Kind::NotInLesson,
            EntryError::NotAllowed => Kind::NotAllowed,
            EntryError::Full => Kind::LessonFull,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<AdmissionError> for Problem {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::UnknownLesson => Self::new(Kind::UnknownLesson, error.to_string()).at("lesson"),
            AdmissionError::Entry(entry) => entry.into(),
            AdmissionError::Unavailable(cause) => {
                tracing::warn!(error = %cause, "a lesson could not be reached: check the database");
                Self::new(Kind::Unavailable, "the lesson could not be reached, try again")
            }
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "a request failed: check the database and the disk");
        Self::new(Kind::Internal, "the server's log tells more")
    }
}

/// Gives every error answer that is not one yet the form of a problem document.
pub async fn ensure(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_problem = response.headers().get(header::CONTENT_TYPE) == Some(&PROBLEM_JSON);
    if !is_error || is_problem {
        return response;
    }
    let problem = Problem::of_status(status).into_response();
    let (mut parts, _) = response.into_parts();
    let (document, body) = problem.into_parts();
    parts.status = document.status;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(document.headers);
    Response::from_parts(parts, Body::new(body))
}
