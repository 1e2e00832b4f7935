//! A county of the size of 鹤壁, made up: 333 schools, 1,200 rooms, 60 timetables of 40 rows each.

use sheets::{Cell, Sheet};

use super::file;
use crate::Upload;

/// Schools that teach; each has a file of its own.
pub const HUBS: usize = 60;
/// All schools.
pub const SCHOOLS: usize = 333;
/// All rooms.
pub const ROOMS: usize = 1_200;
/// Rows of each timetable.
pub const ROWS: usize = 40;

const COURSES: [&str; 4] = ["音乐", "美术", "英语", "科学"];
const WEEKS: [&str; 4] = ["1-20周", "1-19周(单)", "2-20周(双)", "1-8,10-18周"];

fn hub(number: usize) -> String {
    format!("第{number}中心小学")
}

fn point(number: usize) -> String {
    format!("第{number}教学点")
}

fn table(name: &str, head: &[&str], rows: Vec<Vec<String>>) -> Sheet {
    let cells = |texts: Vec<String>| texts.into_iter().map(|text| Cell { text, merged: None }).collect();
    let head = head.iter().map(|text| (*text).to_owned()).collect();
    Sheet { name: name.to_owned(), hidden: false, rows: std::iter::once(head).chain(rows).map(cells).collect() }
}

/// One workbook of what there is, and the timetables.
pub fn files() -> Vec<Upload> {
    let hubs = (1..=HUBS).map(|number| vec![hub(number), format!("{}镇", number % 20), "主校".to_owned()]);
    let points =
        (1..=SCHOOLS - HUBS).map(|number| vec![point(number), format!("{}镇", number % 20), "教学点".to_owned()]);
    let room = |number: usize| match number {
        0..240 => vec![hub(number % HUBS + 1), format!("录播教室{}", number / HUBS + 1)],
        _ => {
            let points = SCHOOLS - HUBS;
            vec![point((number - 240) % points + 1), format!("接收教室{}", (number - 240) / points + 1)]
        }
    };
    let teachers = (0..HUBS * 8).map(|number| vec![hub(number % HUBS + 1), format!("教师{number}")]);
    let bells =
        (1..=7).map(|period| vec![period.to_string(), format!("{}:00", 7 + period), format!("{}:40", 7 + period)]);
    let term = ["2026-2027学年第一学期", "2026-08-31", "2027-01-15"].map(str::to_owned).to_vec();
    let directory = vec![
        table("学期", &["学期", "开学日期", "结束日期"], vec![term]),
        table("学校", &["学校", "乡镇", "类型"], hubs.chain(points).collect()),
        table("教室", &["学校", "教室"], (0..ROOMS).map(room).collect()),
        table("教师", &["学校", "教师"], teachers.collect()),
        table("作息表", &["节次", "开始", "结束"], bells.collect()),
    ];
    let mut files = vec![file("基础信息.xlsx", directory)];
    files.extend((0..HUBS - 1).map(|number| file(&format!("{}课表.xlsx", hub(number + 1)), vec![timetable(number)])));
    files
}

/// The timetable of one hub school: eight courses, each five times a week.
fn timetable(number: usize) -> Sheet {
    let row = |row: usize| {
        let course = row % 8;
        let points = (0..3).map(|at| {
            let point_number = (number * 4 + course * 31 + at * 97) % (SCHOOLS - HUBS) + 1;
            format!("{} 接收教室{}", point(point_number), (number + course + at) % 3 + 1)
        });
        vec![
            hub(number + 1),
            format!("{}年级{}班", ["三", "四"][course % 2], course / 2 + 1),
            COURSES[course % 4].to_owned(),
            format!("教师{}", number + HUBS * course),
            format!("录播教室{}", course % 4 + 1),
            points.collect::<Vec<_>>().join("、"),
            format!("周{}", ["一", "二", "三", "四", "五"][row / 8]),
            format!("第{}节", (course + row / 8) % 7 + 1),
            WEEKS[course % 4].to_owned(),
        ]
    };
    let head = ["学校", "班级", "课程", "教师", "地点", "教学点", "星期", "节次", "周次"];
    table("课表", &head, (0..ROWS).map(row).collect())
}
