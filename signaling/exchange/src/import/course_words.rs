//! What a row or a cell says about a course, whether it stands in a timetable or in a list of courses.

use super::{
    headings::Column,
    problems::{Place, Problems, Said},
    table::{Row, checked_name},
};

/// The words about one course. What is `None` is not said, and stays as it is known.
#[derive(Debug, Clone)]
pub struct CourseWords {
    /// 课名.
    pub name: Said,
    /// 主校.
    pub school: Option<Said>,
    /// 班级.
    pub class_group: Option<Said>,
    /// 学科.
    pub subject: Option<Said>,
    /// 年级.
    pub grade: Option<Said>,
    /// 主讲教师.
    pub teacher: Option<Said>,
    /// 主讲教室.
    pub master_room: Option<Said>,
    /// 接收教室, a list.
    pub points: Option<Said>,
    /// Their classes, a list in the same order, or one for all.
    pub point_classes: Option<Said>,
    /// 类型.
    pub kind: Option<Said>,
    /// The row or cell.
    pub at: Place,
    /// What heads the column of teachers, or would.
    pub teacher_heading: std::rc::Rc<str>,
}

impl CourseWords {
    /// Only the name of a course.
    pub fn named(name: Said, teacher_heading: &str) -> Self {
        let at = name.at;
        Self {
            name,
            school: None,
            class_group: None,
            subject: None,
            grade: None,
            teacher: None,
            master_room: None,
            points: None,
            point_classes: None,
            kind: None,
            at,
            teacher_heading: teacher_heading.into(),
        }
    }

    /// What a row says; `None` where it does not name a course.
    pub fn of_row(row: Row<'_>, problems: &mut Problems) -> Option<Self> {
        let name = row.needed_name(Column::Course, problems);
        let words = Self {
            school: row.name(Column::School, problems),
            class_group: row.name(Column::ClassGroup, problems),
            subject: row.name(Column::Subject, problems),
            grade: row.name(Column::Grade, problems),
            teacher: row.name(Column::Teacher, problems),
            master_room: row.said(Column::Place),
            points: row.said(Column::Points),
            point_classes: row.said(Column::PointClasses),
            kind: row.said(Column::Kind),
            at: row.place(),
            teacher_heading: row.table().heading(Column::Teacher),
            ..Self::named(name?, "")
        };
        Some(words)
    }

    /// Checks the names that do not come out of a table.
    pub fn checked(self, problems: &mut Problems) -> Option<Self> {
        let name = checked_name(Some(self.name), problems)?;
        let class_group = checked_name(self.class_group, problems);
        Some(Self { name, class_group, ..self })
    }
}
