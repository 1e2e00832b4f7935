//! Any bytes as an uploaded list, and any words under any headings, beside a county that is sound: what has a problem
//! changes nothing; what has none can be applied, is known when it is read again, and can be taken back. What is then
//! exported is read again without a problem.
#![no_main]

use std::sync::OnceLock;

use exchange::{Import, Options, Upload, preview, preview_sheets, workbook};
use libfuzzer_sys::fuzz_target;
use protocol::{import::ImportProblem, timetable::Key};
use sheets::{Cell, Merge, Sheet};
use timetable::Timetable;

/// Headings and cells that the import knows; what follows 0xFF in the input is taken as it is.
const WORDS: [&str; 96] = [
    "",
    "学校",
    "班级",
    "课程",
    "学科",
    "年级",
    "教师",
    "地点",
    "接收教室",
    "接收班级",
    "类型",
    "星期",
    "节次",
    "开始周",
    "结束周",
    "单双周",
    "周次",
    "学期",
    "学年",
    "第一周周一",
    "开学日期",
    "结束日期",
    "乡镇",
    "教室",
    "开始",
    "结束",
    "时间",
    "起用日期",
    "日期",
    "安排",
    "名称",
    "每周节数",
    "清溪县实验小学",
    "石门教学点",
    "云岭教学点",
    "柳河教学点",
    "柳河教学点 东教室",
    "录播教室1",
    "多媒体教室",
    "陈静",
    "李红",
    "音乐",
    "美术",
    "音乐(陈静)",
    "音乐\n陈静\n1-16周\n录播教室1",
    "音乐 单周/美术 双周",
    "三年级1班",
    "三年级1班课表",
    "陈静老师课表",
    "周一",
    "星期二",
    "三",
    "Thu",
    "5",
    "周六",
    "日",
    "第1节",
    "第二节",
    "1-2",
    "3",
    "上午",
    "第1节\n8:00-8:40",
    "午休",
    "1-16周",
    "1-8,10周(单)",
    "1-16(双)",
    "双周",
    "单",
    "双",
    "全",
    "1",
    "16",
    "21",
    "0",
    "1-999999999",
    "8:00",
    "8:40",
    "9:00-9:40",
    "2026-08-31",
    "2026-09-01",
    "2027-01-15",
    "2026-10-01至2026-10-07",
    "10月10日",
    "放假",
    "补周一",
    "上第5周星期一的课",
    "补9月30日(周三)的课",
    "双周周一",
    "正常上课",
    "主校",
    "教学点",
    "直播大课",
    "微课",
    "-",
    "备注：无",
    "石门教学点、云岭教学点",
];

const COUNTY: [(&str, &str); 6] = [
    ("学期.csv", "学期,第一周周一,开学日期,结束日期\n第一学期,2026-08-31,2026-09-01,2027-01-15\n"),
    (
        "学校.csv",
        "学校,乡镇,类型\n清溪县实验小学,城关镇,主校\n石门教学点,石门镇,教学点\n云岭教学点,云岭乡,教学点\n柳河教学点,柳河乡,教学点\n",
    ),
    (
        "教室.csv",
        "学校,教室\n清溪县实验小学,录播教室1\n石门教学点,多媒体教室\n云岭教学点,多媒体教室\n柳河教学点,东教室\n柳河教学点,西教室\n",
    ),
    ("教师.csv", "学校,教师\n清溪县实验小学,陈静\n清溪县实验小学,李红\n石门教学点,李红\n"),
    ("作息表.csv", "节次,开始,结束\n1,8:00,8:40\n2,9:00,9:40\n3,10:00,10:40\n"),
    ("课表.csv", "班级,课程,教师,教学点,星期,节次,周次\n三年级1班,音乐,陈静,\"石门教学点\",一,2,1-16\n"),
];

fn options() -> Options {
    Options { term: None, today: jiff::civil::date(2026, 9, 10), remove_courses_not_named: false }
}

fn county() -> &'static Timetable {
    static COUNTY_MADE: OnceLock<Timetable> = OnceLock::new();
    COUNTY_MADE.get_or_init(|| {
        let files = COUNTY.map(|(name, text)| (name, text.as_bytes()));
        let import = preview(&Timetable::default(), &files, &options());
        assert_eq!(import.preview.problems, []);
        let mut county = Timetable::default();
        county.apply(&import.change).expect("a sound county");
        county
    })
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    let options = Options { remove_courses_not_named: choice & 1 == 1, ..options() };
    let read: Box<dyn Fn(&Timetable) -> Import> = if choice & 2 == 0 {
        let rest = rest.to_vec();
        let options = options.clone();
        Box::new(move |timetable| preview(timetable, &[("课表.csv", &rest)], &options))
    } else {
        let upload = Upload { name: "课表.xlsx".to_owned(), sheets: Ok(made_of_words(rest)) };
        let options = options.clone();
        Box::new(move |timetable| preview_sheets(timetable, std::slice::from_ref(&upload), &options))
    };
    check(&*read, &options);
});

fn check(read: &dyn Fn(&Timetable) -> Import, options: &Options) {
    let first = read(county());
    if !first.preview.problems.is_empty() {
        assert!(first.change.is_empty());
        return;
    }
    let mut after = county().clone();
    let inverse = after.apply(&first.change).expect("a change without a problem");
    let again = read(&after);
    // With two terms the one that is meant may be another now.
    if after.terms().len() == county().terms().len() {
        assert_eq!(again.preview.problems, []);
        assert!(again.change.is_empty(), "{:?}", again.change);
        check_export(&after, options);
    }
    after.apply(&inverse).expect("what it was");
    assert_eq!(after, *county());
}

fn check_export(timetable: &Timetable, options: &Options) {
    let term = timetable.terms()[0].id.clone();
    let bytes = workbook(timetable, &term).expect("a workbook");
    let options = Options { term: Some(term), ..options.clone() };
    let import = preview(timetable, &[("导出.xlsx", &bytes)], &options);
    // Bells and terms may have become too short for what is there; that is told, and nothing else.
    let too_short = |problem: &ImportProblem| {
        matches!(problem, ImportProblem::NoSuchPeriod { .. } | ImportProblem::OutsideTerm { .. })
    };
    assert!(import.preview.problems.iter().all(|it| too_short(&it.problem)), "{:?}", import.preview.problems);
    let courses = import.change.remove.iter().filter(|key| matches!(key, Key::Course(_))).count();
    assert_eq!((import.change.put.len(), courses), (0, 0), "{:?}", import.change);
}

/// Sheets of which each octet is a word, a line's end, a merge with the cell above, or a new sheet.
fn made_of_words(input: &[u8]) -> Vec<Sheet> {
    let mut sheets = vec![Sheet { name: "课表".to_owned(), hidden: false, rows: vec![Vec::new()] }];
    let mut octets = input.iter();
    while let Some(octet) = octets.next() {
        let Some(sheet) = sheets.last_mut() else { break };
        let row = sheet.rows.len() - 1;
        let col = sheet.rows[row].len();
        let text = match octet {
            0xFE => {
                sheet.rows.push(Vec::new());
                continue;
            }
            0xFD => {
                sheets.push(Sheet { name: "三年级2班".to_owned(), hidden: false, rows: vec![Vec::new()] });
                continue;
            }
            0xFC if row > 0 && col < sheet.rows[row - 1].len() => {
                merge_with_above(sheet, row, col);
                continue;
            }
            0xFF => {
                let raw: Vec<u8> = octets.by_ref().copied().take_while(|octet| *octet != 0xFF).collect();
                String::from_utf8_lossy(&raw).trim().to_owned()
            }
            octet => WORDS[usize::from(*octet) % WORDS.len()].to_owned(),
        };
        if col < sheets::limits::COLUMNS {
            sheet.rows[row].push(Cell { text, merged: None });
        }
    }
    sheets
}

fn merge_with_above(sheet: &mut Sheet, row: usize, col: usize) {
    let above = sheet.rows[row - 1][col].clone();
    let first = above.merged.unwrap_or(Merge { first_row: row - 1, first_col: col, last_row: row, last_col: col });
    let merge = Merge { last_row: row, ..first };
    sheet.rows[row].push(Cell { text: above.text, merged: Some(merge) });
    for cell in sheet.rows[merge.first_row..=row].iter_mut().filter_map(|cells| cells.get_mut(col)) {
        cell.merged = Some(merge);
    }
}
