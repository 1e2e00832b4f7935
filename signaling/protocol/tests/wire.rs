//! How messages look on the wire. Pages of an older version may still be open: what is here does not change.
#![allow(clippy::unwrap_used, reason = "test code outside test functions")]

use protocol::{
    ClientMessage, ServerMessage,
    message::{PictureGiven, PictureShown},
};

#[test]
fn what_clients_say_of_their_line_is_read_as_it_always_was() {
    let rows = [(
        r#"{"type":"shows","pictures":[{"width":1920,"height":1080},{"width":0,"height":0}]}"#,
        ClientMessage::Shows {
            pictures: vec![PictureShown { width: 1920, height: 1080 }, PictureShown { width: 0, height: 0 }],
        },
    )];
    for (json, message) in rows {
        assert_eq!(serde_json::from_str::<ClientMessage>(json).unwrap(), message);
        assert_eq!(serde_json::to_string(&message).unwrap(), json);
    }
}

#[test]
fn what_clients_are_told_of_their_line_is_written_as_it_always_was() {
    use PictureGiven::{Slower, Smaller, Stills, Whole, Withheld};
    let pictures = vec![Withheld, Stills, Slower, Smaller, Whole];
    let rows = [(
        ServerMessage::PicturesChanged { pictures },
        r#"{"type":"pictures_changed","pictures":["withheld","stills","slower","smaller","whole"]}"#,
    )];
    for (message, json) in rows {
        assert_eq!(serde_json::to_string(&message).unwrap(), json);
    }
}

#[test]
fn sizes_that_are_no_sizes_are_malformed() {
    for json in [
        r#"{"type":"shows"}"#,
        r#"{"type":"shows","pictures":[{"width":-1,"height":0}]}"#,
        r#"{"type":"shows","pictures":[{"width":65536,"height":0}]}"#,
        r#"{"type":"shows","pictures":[{"width":1.5,"height":0}]}"#,
        r#"{"type":"shows","pictures":[{"width":1,"height":1,"depth":1}]}"#,
    ] {
        assert!(serde_json::from_str::<ClientMessage>(json).is_err(), "{json}");
    }
}
