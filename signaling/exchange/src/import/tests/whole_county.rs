//! A batch as large as a city's: whole, and harmless whatever its cells say. What it takes is for `tests/bench.sh county`.

use protocol::timetable::Record;
use timetable::Timetable;

use crate::{
    Upload,
    test_support::{
        apply, county, directory_file, file, import, sheet,
        whole_county::{HUBS, ROOMS, ROWS, SCHOOLS, files},
    },
};

#[test]
fn a_whole_county_is_read_again_without_a_change_and_taken_back() {
    let files = files();
    let first = import(&Timetable::default(), &files);
    assert_eq!(first.preview.problems, []);
    let count = |kind: &str| first.preview.added.iter().find(|it| it.kind == kind).map_or(0, |it| it.count as usize);
    assert_eq!([count("school"), count("room"), count("entry")], [SCHOOLS, ROOMS, (HUBS - 1) * ROWS]);
    assert!(first.preview.lessons_after > 30_000, "{}", first.preview.lessons_after);
    let mut after = Timetable::default();
    let inverse = after.apply(&first.change).unwrap();
    let again = import(&after, &files);
    assert!(again.change.is_empty());
    let term = after.terms()[0];
    assert!(!after.conflicts(term.first_day, term.last_day).is_empty());
    after.apply(&inverse).unwrap();
    assert_eq!(after, Timetable::default());
}

#[test]
fn the_bytes_of_a_whole_county_are_read_without_a_problem() {
    let written: Vec<(String, Vec<u8>)> = files().iter().map(|file| (file.name.clone(), bytes_of(file))).collect();
    let files: Vec<(&str, &[u8])> = written.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let options = crate::test_support::options();
    let import = crate::preview(&Timetable::default(), &files, &options);
    assert_eq!(import.preview.problems, []);
    assert!(!import.change.is_empty());
}

fn bytes_of(file: &Upload) -> Vec<u8> {
    let table = |sheet: &sheets::Sheet| sheets::Table {
        name: sheet.name.clone(),
        rows: sheet.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str().into()).collect()).collect(),
        ..sheets::Table::default()
    };
    sheets::write(&file.sheets.as_ref().unwrap().iter().map(table).collect::<Vec<_>>()).unwrap()
}

/// A row of numbers that is always the same (a linear congruential generator; Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

const STRANGE: [&str; 40] = [
    "",
    "-",
    "无",
    "0",
    "99",
    "八",
    "1-999999999",
    "1-16,1-16,1-16",
    "1-16周(单)",
    "双周",
    "2026-01-16",
    "\u{7}",
    "星期一",
    "周一",
    "第1节",
    "课程",
    "教师",
    "学校",
    "节次",
    "日期",
    "安排",
    "补班",
    "放假",
    "补周一",
    "上第99周星期一的课",
    "24:00",
    "8:00",
    "8:00-7:00",
    "陈静",
    "李红",
    "清溪县实验小学",
    "石门教学点、、石门教学点",
    "柳河教学点",
    "三年级1班",
    "音乐/美术",
    "音乐(陈静)",
    "2026-10-01至2027-10-01",
    "99999999999999999999",
    "\u{FEFF}",
    "/",
];

/// Cells of the usual files changed by chance: nothing panics, and what has no problem can be applied and is then
/// known.
#[test]
fn whatever_the_cells_say_a_preview_comes_out() {
    let county = county();
    let grid = sheet(
        "三年级1班",
        &[
            &["清溪县实验小学三年级1班课表", "←", "←", "←"],
            &["节次", "周一", "周二", "周三"],
            &["第1节", "音乐\n陈静", "美术(李红) 单周", ""],
            &["第2节", "↑", "", "音乐 陈静 1-8周/美术 李红"],
        ],
    );
    let rows = sheet(
        "课表",
        &[
            &["学校", "班级", "课程", "教师", "地点", "教学点", "星期", "节次", "周次", "单双周", "类型"],
            &[
                "清溪县实验小学",
                "四年级",
                "音乐",
                "陈静",
                "录播教室1",
                "石门教学点",
                "周四",
                "1-2",
                "1-16周",
                "单",
                "专门开课",
            ],
            &["清溪县第二小学", "四年级", "英语", "王芳", "", "云岭教学点", "周五", "3", "", "", ""],
        ],
    );
    let usual = [directory_file(), file("课表.xlsx", vec![grid, rows])];
    let mut dice = Dice(1);
    let mut applied = 0;
    for round in 0..200 {
        let mut files = usual.to_vec();
        for _ in 0..dice.below(3) {
            change_a_cell(&mut files, &mut dice);
        }
        let first = import(&county, &files);
        if !first.preview.problems.is_empty() {
            assert!(first.change.is_empty(), "round {round}");
            continue;
        }
        let mut after = county.clone();
        let inverse = after.apply(&first.change).unwrap();
        assert!(import(&after, &files).change.is_empty(), "round {round}");
        after.apply(&inverse).unwrap();
        assert_eq!(after, county, "round {round}");
        applied += 1;
    }
    assert!((50..180).contains(&applied), "{applied} of 200 had no problem");
}

fn change_a_cell(files: &mut [Upload], dice: &mut Dice) {
    let file = dice.below(files.len());
    let Ok(sheets) = &mut files[file].sheets else { return };
    let sheet = dice.below(sheets.len());
    let rows = &mut sheets[sheet].rows;
    let row = dice.below(rows.len());
    let col = dice.below(rows[row].len());
    let long = "长".repeat(2_000);
    let text = if dice.below(30) == 0 { long.as_str() } else { STRANGE[dice.below(STRANGE.len())] };
    rows[row][col].text = text.to_owned();
}

#[test]
fn of_a_sheet_full_of_nonsense_the_first_problems_are_listed_and_the_rest_counted() {
    let row = |number: usize| {
        let texts = ["清溪县实验小学", "班", "课", "不存在的教师", "1-999999999", "周一", "1-20", "石门教学点、无此点"];
        let cells = texts.iter().map(|text| sheets::Cell { text: format!("{text}{}", number % 50), merged: None });
        cells.collect()
    };
    let head = ["学校", "班级", "课程", "教师", "周次", "星期", "节次", "教学点"];
    let head = head.iter().map(|text| sheets::Cell { text: (*text).to_owned(), merged: None }).collect();
    let rows = std::iter::once(head).chain((0..20_000).map(row)).collect();
    let sheet = sheets::Sheet { name: "课表".to_owned(), hidden: false, rows };
    let after = apply(&Timetable::default(), &files()[..1]);
    let import = import(&after, &[file("课表.xlsx", vec![sheet])]);
    assert_eq!(import.preview.problems.len(), 500);
    assert!(import.preview.problems_left_off > 10_000);
    assert!(after.records().iter().any(|record| matches!(record, Record::School(_))));
}
