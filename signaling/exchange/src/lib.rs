//! Timetables in files: imported from spreadsheets, exported to them, followed as calendar feeds. Pure.
