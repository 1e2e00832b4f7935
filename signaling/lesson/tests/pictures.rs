//! Stories of what receivers show and what their lines allow them.

mod support;

use lesson::{ConnectionId, Effect, MediaEvent, PeerId, limits::PICTURES};
use protocol::{
    ClientMessage, ServerMessage,
    message::{PictureGiven, PictureShown, Refusal},
};
use support::{ALL_CODECS, Class};

const LARGE: PictureShown = PictureShown { width: 1920, height: 1080 };
const HIDDEN: PictureShown = PictureShown { width: 0, height: 0 };

fn shows(pictures: &[PictureShown]) -> ClientMessage {
    ClientMessage::Shows { pictures: pictures.to_vec() }
}

/// Which sessions the media plane was told to show what, since the last `forget`.
fn shown(class: &Class) -> Vec<(PeerId, Vec<PictureShown>)> {
    let show = |effect: &Effect| match effect {
        Effect::Show { peer, pictures } => Some((*peer, pictures.clone())),
        _ => None,
    };
    class.effects.iter().filter_map(show).collect()
}

/// What the connection was told of its pictures since the last `forget`.
fn given(class: &Class, connection: ConnectionId) -> Vec<Vec<PictureGiven>> {
    let pictures = |message| match message {
        ServerMessage::PicturesChanged { pictures } => Some(pictures),
        _ => None,
    };
    class.told(connection).into_iter().filter_map(pictures).collect()
}

fn withheld() -> MediaEvent {
    MediaEvent::Given { pictures: vec![PictureGiven::Withheld, PictureGiven::Whole] }
}

#[test]
fn what_a_page_shows_goes_to_the_session_it_watches_through() {
    let mut class = Class::live(2);
    let point = class.joins("point-1");
    let master = class.joins("master");
    class.says(point, shows(&[LARGE]));
    assert_eq!(shown(&class), [], "it watches nothing yet");
    let (of_point, _) = class.watches("point-1", 3);
    let (of_master, _) = class.watches("master", 2);
    class.says(point, shows(&[LARGE, HIDDEN]));
    class.says(master, shows(&[HIDDEN]));
    assert_eq!(shown(&class), [(of_point, vec![LARGE, HIDDEN]), (of_master, vec![HIDDEN])]);
    let (anew, _) = class.watches("point-1", 3);
    class.forget();
    class.says(point, shows(&[LARGE]));
    assert_eq!(shown(&class), [(anew, vec![LARGE])]);
}

#[test]
fn each_page_of_an_observer_has_a_session_of_its_own() {
    let mut class = Class::live(1);
    let connections = ["left", "right"].map(|page| {
        let connection = class.connects("observer");
        class.greets(connection, &ALL_CODECS, Some(page));
        connection
    });
    let [left, right] = ["left", "right"].map(|page| class.watches_on("observer", 3, Some(page)).0);
    class.watches("observer", 1);
    class.forget();
    class.says(connections[1], shows(&[HIDDEN]));
    class.says(connections[0], shows(&[LARGE]));
    assert_eq!(shown(&class), [(right, vec![HIDDEN]), (left, vec![LARGE])]);
    class.media(left, withheld());
    assert_eq!(given(&class, connections[0]).len(), 1);
    assert_eq!(given(&class, connections[1]), Vec::<Vec<PictureGiven>>::new());
}

#[test]
fn nobody_learns_or_changes_what_another_person_of_the_same_page_id_shows() {
    let mut class = Class::live(1);
    let stranger = class.connects("observer-2");
    class.greets(stranger, &ALL_CODECS, Some("page"));
    let (peer, _) = class.watches_on("observer", 3, Some("page"));
    class.forget();
    class.says(stranger, shows(&[HIDDEN]));
    class.media(peer, withheld());
    assert_eq!((shown(&class), given(&class, stranger)), (vec![], vec![]));
}

#[test]
fn more_pictures_than_there_can_be_are_refused() {
    let mut class = Class::live(1);
    let point = class.joins("point-1");
    class.watches("point-1", 3);
    class.forget();
    class.says(point, shows(&[LARGE; PICTURES]));
    class.says(point, shows(&[LARGE; PICTURES + 1]));
    assert_eq!((shown(&class).len(), class.refusals(point)), (1, vec![Refusal::Malformed]));
}

#[test]
fn a_receiver_alone_is_told_what_its_line_allows_and_only_when_that_changes() {
    let mut class = Class::live(2);
    let [point, other] = ["point-1", "point-2"].map(|who| class.joins(who));
    let (peer, _) = class.watches("point-1", 3);
    class.watches("point-2", 3);
    class.forget();
    class.media(peer, withheld());
    class.media(peer, withheld());
    assert_eq!(given(&class, point), [[PictureGiven::Withheld, PictureGiven::Whole]]);
    assert_eq!(given(&class, other), Vec::<Vec<PictureGiven>>::new());
}

#[test]
fn a_page_that_comes_back_is_told_again_and_a_new_session_begins_whole() {
    let mut class = Class::live(1);
    let before = class.connects("point-1");
    class.greets(before, &ALL_CODECS, Some("page"));
    let (peer, _) = class.watches("point-1", 3);
    class.media(peer, withheld());
    class.hangs_up(before);
    let again = class.connects("point-1");
    class.greets(again, &ALL_CODECS, Some("page"));
    assert_eq!(given(&class, again), [[PictureGiven::Withheld, PictureGiven::Whole]]);
    class.forget();
    class.watches("point-1", 3);
    assert_eq!(given(&class, again), [vec![]]);
    class.media(peer, withheld());
    assert_eq!(given(&class, again), [vec![]], "the old session is not its any more");
}

#[test]
fn nothing_is_withheld_from_a_page_whose_session_is_over() {
    let mut class = Class::live(1);
    let observer = class.connects("observer");
    class.greets(observer, &ALL_CODECS, Some("page"));
    let (peer, _) = class.watches_on("observer", 3, Some("page"));
    class.media(peer, withheld());
    class.forget();
    class.media(peer, MediaEvent::Over { vanished: true });
    assert_eq!(given(&class, observer), [vec![]]);
}
