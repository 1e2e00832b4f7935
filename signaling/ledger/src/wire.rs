//! The ledger's terms in those of the HTTP interface, and back.

use protocol::county;

use crate::{Dimension, Filter, LedgerError, OfferedPoint, Reception, RoomSide, Row, Standing, Verdict};

impl From<Verdict> for county::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::ValidDelivery => Self::ValidDelivery,
            Verdict::InvalidDelivery => Self::InvalidDelivery,
            Verdict::ExcusedCancellation => Self::ExcusedCancellation,
            Verdict::UnexcusedAbsence => Self::UnexcusedAbsence,
            Verdict::Unjudged => Self::Unjudged,
            Verdict::NotDue => Self::NotDue,
        }
    }
}

impl From<Reception> for county::Verdict {
    fn from(reception: Reception) -> Self {
        match reception {
            Reception::ValidReception => Self::ValidReception,
            Reception::InvalidReception => Self::InvalidReception,
            Reception::Excused => Self::ExcusedCancellation,
            Reception::NotDelivered => Self::UnexcusedAbsence,
            Reception::Unjudged => Self::Unjudged,
            Reception::NotDue => Self::NotDue,
        }
    }
}

impl From<Standing> for county::Verdict {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Master(verdict) => verdict.into(),
            Standing::Receive(reception) => reception.into(),
        }
    }
}

impl TryFrom<county::Verdict> for Verdict {
    type Error = LedgerError;
    fn try_from(verdict: county::Verdict) -> Result<Self, LedgerError> {
        match verdict {
            county::Verdict::ValidDelivery => Ok(Self::ValidDelivery),
            county::Verdict::InvalidDelivery => Ok(Self::InvalidDelivery),
            county::Verdict::ExcusedCancellation => Ok(Self::ExcusedCancellation),
            county::Verdict::UnexcusedAbsence => Ok(Self::UnexcusedAbsence),
            county::Verdict::Unjudged => Ok(Self::Unjudged),
            county::Verdict::NotDue => Ok(Self::NotDue),
            county::Verdict::ValidReception | county::Verdict::InvalidReception => Err(LedgerError::WrongSide),
        }
    }
}

impl TryFrom<county::Verdict> for Reception {
    type Error = LedgerError;
    fn try_from(verdict: county::Verdict) -> Result<Self, LedgerError> {
        match verdict {
            county::Verdict::ValidReception => Ok(Self::ValidReception),
            county::Verdict::InvalidReception => Ok(Self::InvalidReception),
            county::Verdict::ExcusedCancellation => Ok(Self::Excused),
            county::Verdict::UnexcusedAbsence => Ok(Self::NotDelivered),
            county::Verdict::Unjudged => Ok(Self::Unjudged),
            county::Verdict::NotDue => Ok(Self::NotDue),
            county::Verdict::ValidDelivery | county::Verdict::InvalidDelivery => Err(LedgerError::WrongSide),
        }
    }
}

impl From<county::ReportSide> for RoomSide {
    fn from(side: county::ReportSide) -> Self {
        match side {
            county::ReportSide::Master => Self::MasterRoom,
            county::ReportSide::Receive => Self::ReceiveRoom,
        }
    }
}

impl From<county::ReportBy> for Dimension {
    fn from(by: county::ReportBy) -> Self {
        match by {
            county::ReportBy::Area => Self::Area,
            county::ReportBy::School => Self::School,
            county::ReportBy::Subject => Self::Subject,
            county::ReportBy::Teacher => Self::Teacher,
            county::ReportBy::Week => Self::Week,
            county::ReportBy::Month => Self::Month,
        }
    }
}

impl TryFrom<&county::ReportFilter> for Filter {
    type Error = LedgerError;
    fn try_from(asked: &county::ReportFilter) -> Result<Self, LedgerError> {
        let week = asked.week.map(|week| week.to_string());
        let only = [
            (Dimension::Area, asked.area.as_deref()),
            (Dimension::School, asked.school.as_ref().map(|school| school.as_str())),
            (Dimension::Subject, asked.subject.as_deref()),
            (Dimension::Teacher, asked.teacher.as_ref().map(|teacher| teacher.as_str())),
            (Dimension::Week, week.as_deref()),
            (Dimension::Month, asked.month.as_deref()),
        ];
        let dated = Filter::dated(asked.from, asked.to);
        let given = only.into_iter().filter_map(|(dimension, key)| Some((dimension, key?)));
        given.into_iter().try_fold(dated, |filter, (dimension, key)| filter.narrowed(dimension, key))
    }
}

impl From<&Row> for county::ReportRow {
    fn from(row: &Row) -> Self {
        let tally = &row.tally;
        Self {
            key: row.key.clone(),
            label: row.label.clone(),
            planned: tally.planned_count(),
            due: tally.due_count(),
            delivered: tally.delivered_count(),
            ratio: tally.delivery_rate(),
            valid: tally.valid,
            invalid: tally.invalid,
            excused: tally.excused,
            unexcused: tally.undelivered,
            unjudged: tally.unjudged,
            ad_hoc: tally.ad_hoc,
        }
    }
}

impl TryFrom<&OfferedPoint> for county::OfferedPoint {
    type Error = protocol::ids::InvalidId;
    /// By plan: whether what is required is in the timetable.
    fn try_from(point: &OfferedPoint) -> Result<Self, protocol::ids::InvalidId> {
        let subjects = point.subjects.iter().map(|subject| county::OfferedSubject {
            subject: subject.subject.clone(),
            required: subject.required,
            planned: subject.planned,
            delivered: subject.delivered,
        });
        Ok(Self {
            school: protocol::SchoolId::parse(&*point.point.school)?,
            name: point.point.school_name.to_string(),
            grade: point.point.grade.to_string(),
            offered_all: point.by_plan.offered_all(),
            offered_enough: point.by_plan.offered_enough(),
            subjects: subjects.collect(),
        })
    }
}
