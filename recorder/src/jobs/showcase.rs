//! 精品课: 16:9, 720p, H.264 at 25 frames a second, AAC at 128 kbit/s, MP4 of at most 1 GB, behind a title card of 5 s.

use super::{Material, Prepared};

/// Largest file, in bytes. Aimed at 6 % below: containers and rate control are not exact.
const LARGEST: u64 = 1_000_000_000 / 100 * 94;
/// Bits a second of the picture, where the length does not ask for fewer.
const PICTURE_BPS: u64 = 4_000_000;
/// Bits a second of the sound.
const SOUND_BPS: u64 = 128_000;
/// How long the title card stands, in seconds.
const TITLE_S: u64 = 5;
/// Longest line of the title card in characters; what is longer ends with an ellipsis.
const TITLE_CHARS: usize = 22;
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// What stands on the title card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Showcase {
    /// 教材版本.
    pub textbook_edition: String,
    /// 学科.
    pub subject: String,
    /// 年级.
    pub grade: String,
    /// 课名.
    pub title: String,
    /// 主讲教师.
    pub master_teacher: String,
}

impl Showcase {
    /// The lines of the title card, each a file: text in a filter's own words would have to be escaped three times over.
    pub(super) fn prepared(&self) -> Vec<Prepared> {
        let facts = [&self.textbook_edition, &self.subject, &self.grade].map(|text| line(text));
        let facts: Vec<String> = facts.into_iter().filter(|text| !text.is_empty()).collect();
        let teacher = match line(&self.master_teacher) {
            name if name.is_empty() => name,
            name => format!("主讲教师　{name}"),
        };
        vec![
            Prepared { name: "title.txt", text: line(&self.title) },
            Prepared { name: "facts.txt", text: facts.join("　") },
            Prepared { name: "teacher.txt", text: teacher },
        ]
    }

    pub(super) fn arguments(&self, material: &Material) -> Vec<String> {
        let text = |file: &str, size: u32, y: &str, color: &str| {
            format!(
                "drawtext=textfile={file}:expansion=none:font=Noto Sans CJK SC:fontsize={size}:fontcolor={color}:\
                 x=(w-text_w)/2:y={y}"
            )
        };
        let card = format!(
            "color=c=0x14312a:s={WIDTH}x{HEIGHT}:r=25:d={TITLE_S},{},{},{},format=yuv420p,setsar=1[card]",
            text("title.txt", 54, "260", "0xf6e7b6"),
            text("facts.txt", 32, "370", "white"),
            text("teacher.txt", 32, "430", "white"),
        );
        let picture = format!(
            "[0:v:0]fps=25:start_time=0,scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=decrease:eval=frame,pad={WIDTH}:{HEIGHT}:-1:-1:eval=frame,\
             format=yuv420p,setsar=1[picture]"
        );
        let voice = match material.voice {
            true => "[0:a:0]aresample=48000,aformat=channel_layouts=stereo".into(),
            false => format!("anullsrc=r=48000:cl=stereo:d={}", material.length.as_secs_f64()),
        };
        let sound = format!("anullsrc=r=48000:cl=stereo:d={TITLE_S}[hush];{voice}[sound]");
        let graph = format!("{card};{picture};{sound};[card][hush][picture][sound]concat=n=2:v=1:a=1[v][a]");
        let bps = picture_bps(material.length.as_secs() + TITLE_S);
        let (rate, most, buffer) = (bps.to_string(), (bps + bps / 10).to_string(), (2 * bps).to_string());
        let words = [
            "-i",
            "pipe:0",
            "-filter_complex",
            &graph,
            "-map",
            "[v]",
            "-map",
            "[a]",
            "-c:v",
            "libx264",
            "-preset",
            "medium",
            "-profile:v",
            "high",
            "-r",
            "25",
            "-b:v",
            &rate,
            "-maxrate",
            &most,
            "-bufsize",
            &buffer,
            "-c:a",
            "aac",
            "-b:a",
            "128k",
            "-movflags",
            "+faststart",
            "showcase.mp4",
        ];
        words.map(str::to_owned).into()
    }
}

/// One line, no longer than fits.
fn line(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(TITLE_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Bits a second for the picture of a film of so many seconds.
fn picture_bps(seconds: u64) -> u64 {
    let most = LARGEST.saturating_mul(8) / seconds.max(1);
    PICTURE_BPS.min(most.saturating_sub(SOUND_BPS)).max(100_000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_long_lesson_gets_fewer_bits_so_that_it_stays_below_a_gigabyte() {
        for minutes in [1, 20, 33, 45, 90, 300] {
            let seconds = minutes * 60;
            let bytes = (picture_bps(seconds) + SOUND_BPS) * seconds / 8;
            assert!(bytes < 1_000_000_000, "{minutes} min: {bytes}");
        }
        assert_eq!(picture_bps(600), PICTURE_BPS);
    }

    #[test]
    fn the_title_card_has_the_five_facts_each_on_its_line() {
        let showcase = Showcase {
            textbook_edition: "人教版".into(),
            subject: "音乐".into(),
            grade: "三年级".into(),
            title: "茉莉花：一首民歌的\n旅行，从江苏到世界各地的音乐厅里".into(),
            master_teacher: "陈静".into(),
        };
        let [title, facts, teacher] = showcase.prepared().try_into().unwrap();
        assert_eq!(title.text, "茉莉花：一首民歌的 旅行，从江苏到世界各地的…");
        assert_eq!(facts.text, "人教版　音乐　三年级");
        assert_eq!(teacher.text, "主讲教师　陈静");
        let bare = Showcase::default().prepared();
        assert!(bare.iter().all(|file| file.text.is_empty()));
    }

    #[test]
    fn no_word_of_a_person_reaches_the_command_line() {
        let showcase = Showcase { title: "';rm -rf /;'".into(), ..Showcase::default() };
        let material = Material { length: Duration::from_secs(60), uniform: true, h264: true, voice: true };
        assert!(!showcase.arguments(&material).iter().any(|word| word.contains("rm -rf")));
    }
}
