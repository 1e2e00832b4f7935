//! Files with a few bytes changed at random: whatever comes of it, nothing panics. The seed is fixed; the fuzz target
//! `sheets` goes further.

mod crafted;

use crafted::Parts;
use sheets::{Table, Value, read, write};

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    /// Changes, removes, repeats or cuts off some of the bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(6) {
                0 => bytes[at] = self.below(256) as u8,
                1 => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let part = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, part);
                }
                4 => bytes[at] = b"<>&;\"'\n,\0\xFF"[self.below(10)],
                _ => bytes.truncate(at),
            }
        }
    }
}

fn table() -> Table {
    let rows = (0..5).map(|row| vec![Value::from("语文"), row.into(), Value::Percent(0.5)]).collect();
    Table {
        name: "三年级".to_owned(), header: vec!["课程".to_owned(), "节次".to_owned()], rows, ..Table::default()
    }
}

#[test]
fn changed_files_never_panic() {
    let workbook = write(&[table()]).unwrap();
    let page =
        "<html><meta charset=gbk><table><tr><td rowspan=2>语文<td colspan='3'>a&nbsp;b<br>c</tr><tr><td>x</table>";
    let text = "姓名,\"班,级\"\r\n张三,\"一\"\"班\"\n\"李\n四\",二班\n";
    let utf16: Vec<u8> = "\u{FEFF}a\tb\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (seed, sound) in [workbook, page.into(), text.into(), utf16].iter().enumerate() {
        assert!(read(sound, "名单.xls").is_ok());
        for round in 0..500 {
            let mut bytes = sound.clone();
            Chance((seed * 1_000 + round) as u64).mutate(&mut bytes);
            if let Err(error) = read(&bytes, "名单.xls") {
                assert!(error.zh().ends_with('。'), "{error}");
            }
        }
    }
}

#[test]
fn changed_parts_of_a_workbook_never_panic() {
    let sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' s='1'><v>46305.5</v></c>\
                 <c t='inlineStr'><is><r><t>a&#98;</t></r></is></c></row></sheetData>\
                 <mergeCells><mergeCell ref='A1:B2'/></mergeCells></worksheet>";
    let strings = "<sst uniqueCount='1'><si><r><t>语</t></r><rPh><t>x</t></rPh></si></sst>";
    let styles = "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='yyyy&quot;年&quot;[h]:mm;@'/></numFmts>\
                  <cellXfs><xf numFmtId='0'/><xf numFmtId='170'/></cellXfs></styleSheet>";
    let parts = [("xl/worksheets/sheet1.xml", sheet), ("xl/sharedStrings.xml", strings), ("xl/styles.xml", styles)];
    for round in 0..600 {
        let (name, sound) = parts[round % parts.len()];
        let mut content = sound.as_bytes().to_vec();
        Chance(round as u64).mutate(&mut content);
        let whole = parts.iter().fold(Parts::with_cells(""), |all, (name, sound)| all.set(name, *sound));
        let _ = read(&whole.set(name, content).zip(), "");
    }
}
