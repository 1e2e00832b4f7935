//! The lead's wall: which points its pictures show, a page at a time, always in the same order.

use protocol::ParticipantId;

/// The wall as far as paging goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wall {
    /// Video m-lines of the lead's viewing session.
    tiles: usize,
    page: usize,
}

/// The page of the wall now shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WallPage {
    pub(crate) page: u16,
    pub(crate) pages: u16,
    pub(crate) tiles: Vec<ParticipantId>,
}

impl Wall {
    /// The lead's new viewing session has this many video m-lines.
    pub(crate) fn set_tiles(&mut self, tiles: usize) {
        self.tiles = tiles;
    }

    /// Turns to `page`, or to the last page when there are fewer.
    pub(crate) fn turn(&mut self, page: u16, points: usize) {
        self.page = usize::from(page).min(self.pages(points) - 1);
    }

    /// The points shown now.
    pub(crate) fn shown(&self, points: &[ParticipantId]) -> WallPage {
        let pages = self.pages(points.len());
        let page = self.page.min(pages - 1);
        let tiles = points.iter().skip(page * self.tiles).take(self.tiles);
        WallPage { page: page as u16, pages: pages as u16, tiles: tiles.cloned().collect() }
    }

    fn pages(&self, points: usize) -> usize {
        match self.tiles {
            0 => 1,
            tiles => points.div_ceil(tiles).clamp(1, usize::from(u16::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_as_many_points_as_there_are_pictures() {
        let points: Vec<ParticipantId> = (1..=7).map(|i| ParticipantId::parse(format!("point-{i}")).unwrap()).collect();
        // (tiles, page asked for) -> (page shown, pages, tiles shown, first point)
        let rows = [
            (0, 0, 0, 1, 0, None),
            (3, 0, 0, 3, 3, Some("point-1")),
            (3, 1, 1, 3, 3, Some("point-4")),
            (3, 2, 2, 3, 1, Some("point-7")),
            (3, 9, 2, 3, 1, Some("point-7")),
            (9, 5, 0, 1, 7, Some("point-1")),
        ];
        for (tiles, asked, page, pages, shown, first) in rows {
            let mut wall = Wall::default();
            wall.set_tiles(tiles);
            wall.turn(asked, points.len());
            let now = wall.shown(&points);
            assert_eq!((now.page, now.pages, now.tiles.len()), (page, pages, shown));
            assert_eq!(now.tiles.first().map(ParticipantId::as_str), first);
        }
    }

    #[test]
    fn a_session_with_more_pictures_never_leaves_the_wall_beyond_its_last_page() {
        let points: Vec<ParticipantId> = (1..=4).map(|i| ParticipantId::parse(format!("point-{i}")).unwrap()).collect();
        let mut wall = Wall::default();
        wall.set_tiles(1);
        wall.turn(3, points.len());
        wall.set_tiles(4);
        assert_eq!(wall.shown(&points).page, 0);
        assert_eq!(wall.shown(&points).tiles, points);
    }
}
