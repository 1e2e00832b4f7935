//! Reports as tables of cells, for a spreadsheet.

use super::{Fact, Report, Row};
use crate::RoomSide;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text. Names come from people: write it as text, never as a formula.
    Text(String),
    /// A count.
    Count(u32),
    /// A share, 0 to 1, to be shown in percent.
    Share(f64),
    /// Nothing, such as the share of none.
    Empty,
}

/// A table: every row has as many cells as the header.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<&'static str>,
    /// The rows, a total last where there is one.
    pub rows: Vec<Vec<Cell>>,
}

impl Report {
    /// The report as a table, its total last.
    pub fn table(&self) -> Table {
        let counts = match self.side {
            RoomSide::MasterRoom => ["有效授课", "无效授课", "因故停课", "无故停课"],
            RoomSide::ReceiveRoom => ["有效听课", "无效听课", "因故停课", "主讲未开课"],
        };
        let header = [self.dimension.chinese(), "计划", "应开", "实开", "开课率"].into_iter().chain(counts).chain([
            "未判定",
            "未到期",
            "自主开课",
            "自主开课有效",
        ]);
        Table { header: header.collect(), rows: self.rows.iter().chain([&self.total]).map(cells).collect() }
    }
}

fn cells(row: &Row) -> Vec<Cell> {
    let tally = &row.tally;
    let mut cells = vec![Cell::Text(row.label.clone())];
    cells.extend([tally.planned_count(), tally.due_count(), tally.delivered_count()].map(Cell::Count));
    cells.push(tally.delivery_rate().map_or(Cell::Empty, Cell::Share));
    let counts = [
        tally.valid,
        tally.invalid,
        tally.excused,
        tally.undelivered,
        tally.unjudged,
        tally.not_due,
        tally.ad_hoc,
        tally.ad_hoc_valid,
    ];
    cells.extend(counts.map(Cell::Count));
    cells
}

/// The lessons behind a report as a table, in the order given.
pub fn lesson_table(facts: &[&Fact]) -> Table {
    let header = vec![
        "日期",
        "周次",
        "节次",
        "学科",
        "年级",
        "课名",
        "主讲教师",
        "区域",
        "学校",
        "教室",
        "班级",
        "判定",
        "自主开课",
        "课时编号",
    ];
    let number = |number: u8| if number == 0 { Cell::Empty } else { Cell::Count(u32::from(number)) };
    let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
    let row = |fact: &&Fact| {
        vec![
            Cell::Text(fact.date.to_string()),
            number(fact.week_no.unwrap_or(0)),
            number(fact.period),
            text(&fact.subject),
            text(&fact.grade),
            text(&fact.title),
            text(&fact.teacher_name),
            text(&fact.area),
            text(&fact.school_name),
            text(fact.room.as_deref().unwrap_or_default()),
            text(&fact.class_group),
            text(fact.standing.chinese()),
            text(if fact.ad_hoc { "是" } else { "" }),
            text(&fact.lesson),
        ]
    };
    Table { header, rows: facts.iter().map(row).collect() }
}
