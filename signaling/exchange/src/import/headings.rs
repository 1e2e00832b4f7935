//! What columns are called, and which columns make a sheet what it is.

use protocol::import::SheetKind;

use crate::spelling::fold;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    Weekday,
    Period,
    Course,
    Teacher,
    Place,
    FirstWeek,
    LastWeek,
    Parity,
    Weeks,
    School,
    ClassGroup,
    Subject,
    Grade,
    Points,
    PointClasses,
    Kind,
    Term,
    SchoolYear,
    WeekOne,
    FirstDay,
    LastDay,
    Area,
    Room,
    Starts,
    Ends,
    Times,
    From,
    Date,
    Rule,
    Name,
    PeriodsAWeek,
}

use Column as C;

/// A kind of sheet that has headings.
pub struct Form {
    /// What it is.
    pub kind: SheetKind,
    /// Its columns with their headings; the first heading is the one that is written and told in problems, the others
    /// are read too, earlier ones rather than later ones.
    pub columns: &'static [(Column, &'static [&'static str])],
    /// Of each of these at least one column must be there.
    pub needs: &'static [&'static [Column]],
}

const TEACHER: &[&str] =
    &["教师", "主讲教师", "任课教师", "授课教师", "上课教师", "教师姓名", "主讲老师", "任课老师", "老师", "姓名"];
const SCHOOL: &[&str] = &[
    "学校",
    "主校",
    "学校名称",
    "主讲学校",
    "授课学校",
    "开课学校",
    "所属学校",
    "所在学校",
    "任教学校",
    "工作单位",
    "单位",
    "校名",
];
const CLASS_GROUP: &[&str] = &["班级", "上课班级", "行政班", "班级名称", "班"];
const SUBJECT: &[&str] = &["学科", "科目", "学科名称"];
const GRADE: &[&str] = &["年级", "年级名称"];
const COURSE: &[&str] = &["课程", "课程名称", "课名", "课程名"];
const PLACE: &[&str] = &["地点", "主讲教室", "上课地点", "授课地点", "上课教室", "授课教室", "录播教室", "教室"];
const POINTS: &[&str] =
    &["接收教室", "教学点", "接收点", "接收学校", "受援学校", "听课学校", "听课教室", "接收端", "远端教室"];
const POINT_CLASSES: &[&str] = &["接收班级", "教学点班级", "听课班级"];
const SESSION_KIND: &[&str] = &["类型", "课堂类型", "课程类型", "授课方式", "上课方式", "课型"];
const PERIOD: &[&str] = &["节次", "节", "课节", "第几节", "上课节次"];

/// The kinds of sheet, those that are told by more first.
pub const FORMS: [Form; 9] = [
    Form {
        kind: SheetKind::TimetableRows,
        columns: &[
            (C::School, SCHOOL),
            (C::ClassGroup, CLASS_GROUP),
            (C::Course, COURSE),
            (C::Subject, SUBJECT),
            (C::Grade, GRADE),
            (C::Teacher, TEACHER),
            (C::Place, PLACE),
            (C::Points, POINTS),
            (C::PointClasses, POINT_CLASSES),
            (C::Kind, SESSION_KIND),
            (C::Weekday, &["星期", "周几", "星期几", "上课星期", "礼拜", "上课日"]),
            (C::Period, PERIOD),
            (C::FirstWeek, &["开始周", "起始周", "开始周次", "起始周次", "起周"]),
            (C::LastWeek, &["结束周", "截止周", "结束周次", "截止周次", "终止周", "止周"]),
            (C::Parity, &["单双周", "单双", "周类型", "单/双周", "单双周类型"]),
            (C::Weeks, &["周次", "上课周次", "教学周", "上课周", "周数", "教学周次", "周"]),
        ],
        needs: &[&[C::Weekday], &[C::Period], &[C::Course]],
    },
    Form {
        kind: SheetKind::Courses,
        columns: &[
            (C::School, SCHOOL),
            (C::ClassGroup, CLASS_GROUP),
            (C::Course, COURSE),
            (C::Subject, SUBJECT),
            (C::Grade, GRADE),
            (C::Teacher, TEACHER),
            (C::Place, PLACE),
            (C::Points, POINTS),
            (C::PointClasses, POINT_CLASSES),
            (C::Kind, SESSION_KIND),
        ],
        needs: &[&[C::Course], &[C::Teacher]],
    },
    Form {
        kind: SheetKind::Bells,
        columns: &[
            (C::School, SCHOOL),
            (C::Period, PERIOD),
            (C::Starts, &["开始", "开始时间", "上课", "上课时间", "起始时间"]),
            (C::Ends, &["结束", "结束时间", "下课", "下课时间", "截止时间"]),
            (C::Times, &["时间", "起止时间", "上下课时间"]),
            (C::From, &["起用日期", "启用日期", "执行日期", "生效日期", "开始日期"]),
        ],
        needs: &[&[C::Period], &[C::Starts, C::Times], &[C::Ends, C::Times]],
    },
    Form {
        kind: SheetKind::SpecialDays,
        columns: &[
            (C::School, SCHOOL),
            (C::Date, &["日期", "时间", "放假日期", "调休日期"]),
            (C::Rule, &["安排", "课表安排", "上课安排", "放假安排", "规则"]),
            (C::Name, &["名称", "节日", "说明", "事由", "备注", "假日", "假日名称"]),
        ],
        needs: &[&[C::Date], &[C::Rule]],
    },
    Form {
        kind: SheetKind::Terms,
        columns: &[
            (C::Term, &["学期", "学期名称"]),
            (C::SchoolYear, &["学年"]),
            (C::WeekOne, &["第一周周一", "第1周周一", "第一周星期一", "第一周", "第一周开始日期"]),
            (C::FirstDay, &["开学日期", "开学", "开始日期", "上课日期", "正式上课"]),
            (C::LastDay, &["结束日期", "学期结束", "放假日期", "截止日期"]),
        ],
        needs: &[&[C::Term], &[C::WeekOne, C::FirstDay], &[C::LastDay]],
    },
    Form {
        kind: SheetKind::Requirements,
        columns: &[
            (C::Grade, GRADE),
            (C::Subject, SUBJECT),
            (C::PeriodsAWeek, &["每周节数", "周课时", "周节数", "每周课时", "周课时数", "课时"]),
        ],
        needs: &[&[C::Grade], &[C::Subject], &[C::PeriodsAWeek]],
    },
    Form {
        kind: SheetKind::Teachers,
        columns: &[(C::School, SCHOOL), (C::Teacher, TEACHER)],
        needs: &[&[C::School], &[C::Teacher]],
    },
    Form {
        kind: SheetKind::Rooms,
        columns: &[
            (C::School, SCHOOL),
            (C::Room, &["教室", "教室名称", "教室名", "录播教室", "功能室"]),
            (C::Kind, &["类型", "教室类型", "用途"]),
        ],
        needs: &[&[C::School], &[C::Room]],
    },
    Form {
        kind: SheetKind::Schools,
        columns: &[
            (C::School, SCHOOL),
            (C::Area, &["区域", "乡镇", "所属乡镇", "所在乡镇", "区县", "片区", "所属区域"]),
            (C::Kind, &["类型", "学校类型", "学校类别", "办学类型", "性质"]),
        ],
        needs: &[&[C::School], &[C::Area, C::Kind]],
    },
];

/// Headings of a list of pupils, which has names, schools and classes too and is nothing to import.
const OF_PUPILS: [&str; 6] = ["学号", "学籍号", "学生", "学生姓名", "身份证号", "家长"];
/// Longer texts are no headings.
const LONGEST_HEADING: usize = 24;

impl Form {
    /// The heading that is written for a column.
    pub fn heading(&self, column: Column) -> &'static str {
        let found = self.columns.iter().find(|(it, _)| *it == column);
        found.and_then(|(_, headings)| headings.first().copied()).unwrap_or_default()
    }

    /// The columns that are not among `columns` and must be, by the first heading of each.
    pub fn missing(&self, columns: &[(Column, usize)]) -> Vec<&'static str> {
        let is_there = |column: &Column| columns.iter().any(|(it, _)| it == column);
        let missing = self.needs.iter().filter(|any| !any.iter().any(is_there));
        missing.filter_map(|any| any.first().map(|column| self.heading(*column))).collect()
    }

    /// Which column is where, in a row whose cells have these keys.
    pub fn columns_in(&self, keys: &[String]) -> Vec<(Column, usize)> {
        let place = |headings: &[&str]| headings.iter().find_map(|heading| keys.iter().position(|key| key == heading));
        self.columns.iter().filter_map(|(column, headings)| Some((*column, place(headings)?))).collect()
    }
}

/// The form of the given kind.
pub fn form_of(kind: SheetKind) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.kind == kind)
}

/// A cell's text as it is compared with headings: `节次（第几节）*` is `节次`.
pub fn heading_key(text: &str) -> String {
    if text.len() > 4 * LONGEST_HEADING {
        return String::new();
    }
    let folded = fold(text);
    let head = folded.split(['(', '[']).next().unwrap_or(&folded);
    head.trim_matches(['*', ':', '#', ' ']).to_owned()
}

/// Whether a row with these keys heads a list of pupils.
pub fn is_of_pupils(keys: &[String]) -> bool {
    keys.iter().any(|key| OF_PUPILS.contains(&key.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_known_with_what_people_put_around_it() {
        for text in ["节次", "节 次", "*节次", "节次：", "节次（第几节）", "节\n次"] {
            assert_eq!(heading_key(text), "节次", "{text}");
        }
        assert_eq!(heading_key(&"节次".repeat(500)), "");
    }

    #[test]
    fn no_heading_means_two_columns_of_one_form() {
        for form in &FORMS {
            let mut all: Vec<&str> = form.columns.iter().flat_map(|(_, headings)| headings.iter().copied()).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{:?}", form.kind);
            assert!(all.iter().all(|heading| heading_key(heading) == *heading), "{:?}", form.kind);
        }
    }
}
