//! Why a file cannot be read: one variant per fault, for the log in English and for the person who uploaded in Chinese.

use crate::limits;
use crate::xlsx::address;

/// Why a file cannot be read. Rows, columns and lines count from 1, as a person sees them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file is larger than [`limits::FILE_BYTES`].
    #[error("the file has {bytes} bytes, at most {} are read", limits::FILE_BYTES)]
    FileTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The file is something else than is read here.
    #[error("the file is of the kind {kind:?}, which is not read")]
    Unsupported {
        /// What it is, by its content.
        kind: FileKind,
    },
    /// The workbook is protected by a password.
    #[error("the file is encrypted")]
    Encrypted,
    /// The workbook is cut off or breaks its format.
    #[error("the file is damaged: {part}: {fault}")]
    Damaged {
        /// The part of the workbook.
        part: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The text is in none of the encodings that are read (UTF-8, UTF-16 with a byte order mark, GB18030).
    #[error("the text is neither UTF-8 nor UTF-16 nor GB18030")]
    UnknownEncoding,
    /// A workbook without a worksheet, or an HTML page without a table that has text.
    #[error("the file has no sheet")]
    NoSheet,
    /// More than [`limits::SHEETS`].
    #[error("the file has {sheets} sheets, at most {} are read", limits::SHEETS)]
    TooManySheets {
        /// How many it has.
        sheets: usize,
    },
    /// More than [`limits::ROWS`].
    #[error("sheet {sheet:?} has {rows} rows, at most {} are read", limits::ROWS)]
    TooManyRows {
        /// The sheet.
        sheet: String,
        /// Its last row with text.
        rows: usize,
    },
    /// More than [`limits::COLUMNS`].
    #[error("sheet {sheet:?} has {columns} columns, at most {} are read", limits::COLUMNS)]
    TooManyColumns {
        /// The sheet.
        sheet: String,
        /// Its last column with text.
        columns: usize,
    },
    /// More than [`limits::CELLS`], [`limits::POSITIONS`] or [`limits::SHARED_STRINGS`].
    #[error("the file has more than {} cells with text or more than {} cells", limits::CELLS, limits::POSITIONS)]
    TooManyCells,
    /// Longer than [`limits::CELL_CHARS`].
    #[error(
        "cell {} of sheet {sheet:?} has {chars} characters, at most {} are read",
        address::of(*.row, *.column),
        limits::CELL_CHARS
    )]
    CellTooLong {
        /// The sheet.
        sheet: String,
        /// The cell's row, from 1.
        row: usize,
        /// The cell's column, from 1.
        column: usize,
        /// How long its text is.
        chars: usize,
    },
    /// More than [`limits::TEXT_BYTES`].
    #[error("the cells have more than {} bytes of text", limits::TEXT_BYTES)]
    TooMuchText,
    /// Unpacked it is larger than [`limits::UNPACKED_BYTES`], or one of its lists than [`limits::LIST_BYTES`].
    #[error("{part} unpacks to more than is read")]
    UnpacksTooLarge {
        /// The part that went beyond.
        part: String,
    },
    /// More than [`limits::ZIP_ENTRIES`].
    #[error("the zip has more than {} entries", limits::ZIP_ENTRIES)]
    TooManyEntries,
    /// A merged range that goes beyond the rows and columns that are read, or covers more than
    /// [`limits::MERGED_CELLS`].
    #[error("the merged range {range} of sheet {sheet:?} is too large")]
    MergeTooLarge {
        /// The sheet.
        sheet: String,
        /// The range as Excel writes it: `A1:B2`.
        range: String,
    },
    /// More than [`limits::MERGES`], or all together cover more than [`limits::MERGED_CELLS`].
    #[error("too many merged ranges up to sheet {sheet:?}")]
    TooManyMerges {
        /// The sheet that went beyond.
        sheet: String,
    },
    /// More than [`limits::NESTED_TABLES`].
    #[error("more than {} tables inside one another", limits::NESTED_TABLES)]
    TablesNestedTooDeep,
    /// In delimited text a field begins with a quotation mark that nothing ends.
    #[error("the quotation mark in line {line} is not closed")]
    UnclosedQuote {
        /// The line of text, from 1, where it stands.
        line: usize,
    },
    /// In delimited text a quoted field is followed by something that is no delimiter: one mark is too many.
    #[error("the quoted field that begins in line {line} is followed by more text")]
    StrayQuote {
        /// The line of text, from 1, where the field begins.
        line: usize,
    },
}

/// What a file is that is not read, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// PDF.
    Pdf,
    /// A photo, a scan or a screenshot.
    Picture,
    /// Word, old or new, or rich text.
    Document,
    /// PowerPoint, old or new.
    Slides,
    /// The binary workbook of Excel 97 to 2003 and before (`.xls`).
    OldExcel,
    /// The same, saved by WPS as `.et`.
    WpsSheet,
    /// The binary workbook of newer Excels (`.xlsb`).
    BinaryExcel,
    /// An OpenDocument file (`.ods`).
    OpenDocument,
    /// A workbook of Excel 2003 as XML, or as a web page in one file.
    ExcelMarkup,
    /// A zip, RAR or other archive that is no workbook.
    Archive,
    /// Anything else.
    Unknown,
}

impl FileKind {
    /// One Chinese sentence that says what it is and what to do.
    fn zh(self) -> &'static str {
        match self {
            Self::Pdf => "这是 PDF 文件，不是表格，请上传 .xlsx 或 .csv 表格。",
            Self::Picture => "这是图片，不是表格，请上传 .xlsx 或 .csv 表格。",
            Self::Document => "这是 Word 文档，不是表格，请把表格复制到 Excel 或 WPS 表格里，存为 .xlsx 后再上传。",
            Self::Slides => "这是演示文稿，不是表格，请上传 .xlsx 或 .csv 表格。",
            Self::OldExcel => "这是旧版 Excel 文件（.xls），请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。",
            Self::WpsSheet => "这是 WPS 表格文件（.et），请用 WPS 打开，另存为 .xlsx 后再上传。",
            Self::BinaryExcel => "这是 Excel 二进制文件（.xlsb），请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。",
            Self::OpenDocument => "这是 OpenDocument 文件（.ods），请打开后另存为 .xlsx 再上传。",
            Self::ExcelMarkup => "这是 Excel 的 XML 或网页格式文件，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。",
            Self::Archive => "这是压缩包，请解压后上传里面的表格。",
            Self::Unknown => "认不出这个文件的格式，请上传 .xlsx 或 .csv 表格。",
        }
    }
}

impl ReadError {
    /// One plain Chinese sentence for the person who uploaded the file: what is wrong and what to do.
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "文件是空的，请检查后重新上传。".to_owned(),
            Self::FileTooLarge { .. } => {
                format!("文件超过 {} MB，请删去多余的内容（例如图片）后再上传。", limits::FILE_BYTES >> 20)
            }
            Self::Unsupported { kind } => kind.zh().to_owned(),
            Self::Encrypted => "文件设了密码，请取消密码后再上传。".to_owned(),
            Self::Damaged { .. } => "文件已损坏或不完整，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。".to_owned(),
            Self::UnknownEncoding => "文字编码无法识别，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。".to_owned(),
            Self::NoSheet => "文件里没有表格，请检查后重新上传。".to_owned(),
            Self::TooManySheets { sheets } => {
                format!("文件里有 {sheets} 个工作表，最多 {} 个，请删去多余的工作表后再上传。", limits::SHEETS)
            }
            Self::TooManyRows { sheet, rows } => {
                format!("工作表“{sheet}”有 {rows} 行，最多 {} 行，请删去多余的行或分成几个文件后再上传。", limits::ROWS)
            }
            Self::TooManyColumns { sheet, columns } => {
                format!("工作表“{sheet}”有 {columns} 列，最多 {} 列，请删去多余的列后再上传。", limits::COLUMNS)
            }
            Self::TooManyCells => "表格里的单元格太多，请分成几个文件后再上传。".to_owned(),
            Self::CellTooLong { sheet, row, column, chars } => format!(
                "工作表“{sheet}”的单元格 {} 有 {chars} 个字，最多 {} 个字，请缩短后再上传。",
                address::of(*row, *column),
                limits::CELL_CHARS
            ),
            Self::TooMuchText => "表格里的文字太多，请分成几个文件后再上传。".to_owned(),
            Self::UnpacksTooLarge { .. } => "文件解开后太大，请把需要的内容复制到新的 .xlsx 文件里再上传。".to_owned(),
            Self::TooManyEntries => "文件里包含的内容太多，请把需要的内容复制到新的 .xlsx 文件里再上传。".to_owned(),
            Self::MergeTooLarge { sheet, range } => {
                format!("工作表“{sheet}”里合并的单元格 {range} 太大，请取消合并后再上传。")
            }
            Self::TooManyMerges { sheet } => {
                format!("工作表“{sheet}”里合并的单元格太多，请取消不需要的合并后再上传。")
            }
            Self::TablesNestedTooDeep => {
                "网页里的表格层层嵌套，无法读取，请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。".to_owned()
            }
            Self::UnclosedQuote { line } => {
                format!("第 {line} 行有一个英文双引号没有成对，请改正后再上传。")
            }
            Self::StrayQuote { line } => {
                format!("从第 {line} 行开始的内容里英文双引号不成对，请改正后再上传。")
            }
        }
    }
}
