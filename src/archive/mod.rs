//! Copies finished recordings to an object store: S3 or what speaks its language, or another file system. What the store has
//! acknowledged is written down beside the recording, file by file and of large files part by part, so that a copy that was
//! broken off goes on where it was, also after a restart. The local files stay; `stored.json` beside them says that the store
//! has every one.

mod progress;
mod upload;

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreScheme, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    multipart::MultipartStore,
    path::Path as Key,
};
use protocol::LessonId;
use tokio::{sync::mpsc, task::spawn_blocking};
use url::Url;

use crate::config::StoreConfig;

/// Lessons waiting to be copied; a further one is copied after the next start.
const WAITING: usize = 4_096;
/// Pause after a copy that failed, doubled each time up to the longest.
const RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(3_600);

/// How often a request is sent again before the copy has failed for now: the log is not to be silent for minutes.
const REQUEST_RETRIES: usize = 3;
/// How long a request may take. A part of 8 MiB gets there in it by a line of 0.3 Mbit/s.
const REQUEST_LIMIT: Duration = Duration::from_secs(240);

/// Where recordings are copied to.
#[derive(Clone)]
pub struct Store {
    target: Target,
    /// What it is called in what is written down.
    place: String,
}

#[derive(Clone)]
enum Target {
    Directory(PathBuf),
    Objects(Objects),
}

/// One store, which takes files whole or part by part, the parts also after a restart.
#[derive(Clone)]
struct Objects {
    whole: Arc<dyn ObjectStore>,
    parts: Arc<dyn MultipartStore>,
    prefix: Key,
}

/// How to have a recording copied. The default one copies nothing.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    finished: Option<mpsc::Sender<LessonId>>,
}

impl Store {
    /// The store that is configured, if one is.
    pub fn open(config: &StoreConfig) -> anyhow::Result<Option<Self>> {
        if config.url.is_empty() {
            return Ok(None);
        }
        Self::connect(config).map(Some).with_context(|| format!("recording.store.url = {:?}", config.url))
    }

    fn connect(config: &StoreConfig) -> anyhow::Result<Self> {
        let url = Url::parse(&config.url)?;
        let place = format!("{} {}", config.url, config.endpoint).trim_end().to_owned();
        let target = match ObjectStoreScheme::parse(&url)? {
            (ObjectStoreScheme::AmazonS3, path) => {
                let s3 = Arc::new(s3(config)?);
                Target::Objects(Objects { whole: s3.clone(), parts: s3, prefix: path })
            }
            (ObjectStoreScheme::Local, _) => {
                Target::Directory(url.to_file_path().map_err(|()| anyhow!("not a directory of this machine"))?)
            }
            _ => bail!("neither s3://BUCKET/PREFIX nor file:///DIRECTORY"),
        };
        Ok(Self { target, place })
    }
}

fn s3(config: &StoreConfig) -> anyhow::Result<AmazonS3> {
    let client =
        ClientOptions::new().with_timeout(REQUEST_LIMIT).with_allow_http(config.endpoint.starts_with("http://"));
    let retry = RetryConfig { max_retries: REQUEST_RETRIES, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new().with_url(&config.url).with_client_options(client).with_retry(retry);
    if !config.endpoint.is_empty() {
        builder = builder.with_endpoint(&config.endpoint);
    }
    if !config.region.is_empty() {
        builder = builder.with_region(&config.region);
    }
    if !config.access_key_id.is_empty() {
        builder = builder.with_access_key_id(&config.access_key_id);
    }
    if !config.secret_access_key.is_empty() {
        builder = builder.with_secret_access_key(&config.secret_access_key);
    }
    Ok(builder.build()?)
}

/// Begins to copy what is finished below `recordings` and has not been copied, and what [`Archive::finished`] tells.
pub fn start(store: Option<Store>, recordings: &Path) -> Archive {
    let Some(store) = store else { return Archive::default() };
    let (finished, told) = mpsc::channel(WAITING);
    tokio::spawn(copy_all(store, recordings.to_owned(), told));
    Archive { finished: Some(finished) }
}

impl Archive {
    /// A recording is finished, or something was added to it.
    pub fn finished(&self, lesson: LessonId) {
        if let Some(finished) = &self.finished
            && finished.try_send(lesson).is_err()
        {
            tracing::warn!("too many recordings wait to be copied: the rest is copied after the next start");
        }
    }
}

async fn copy_all(store: Store, recordings: PathBuf, mut told: mpsc::Receiver<LessonId>) {
    let (directory, place) = (recordings.clone(), store.place.clone());
    let found = spawn_blocking(move || progress::not_stored(&directory, &place)).await;
    let mut waiting = VecDeque::from(found.unwrap_or_default());
    let mut pause = RETRY;
    loop {
        while let Ok(lesson) = told.try_recv() {
            forget(&mut waiting, &lesson);
            waiting.push_back(lesson);
        }
        let Some(lesson) = waiting.front().cloned() else {
            match told.recv().await {
                Some(lesson) => waiting.push_back(lesson),
                None => return,
            }
            continue;
        };
        let Err(error) = upload::copy(&store, &recordings, &lesson).await else {
            waiting.pop_front();
            pause = RETRY;
            continue;
        };
        let (error, pause_s) = (causes(&error), pause.as_secs());
        tracing::warn!(
            %lesson, error, pause_s,
            "a recording could not be copied to the store: look at recording.store; it is tried again"
        );
        // One lesson that cannot be copied must not keep the others, nor one that ends while it waits.
        waiting.rotate_left(1);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            lesson = told.recv() => match lesson {
                Some(lesson) => {
                    forget(&mut waiting, &lesson);
                    waiting.push_front(lesson);
                }
                None => return,
            },
        }
        pause = (pause * 2).min(LONGEST_RETRY);
    }
}

/// The error and what is behind it, each thing once: those of the store repeat what is behind them.
fn causes(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

/// Takes a lesson out of those that wait: it is told again.
fn forget(waiting: &mut VecDeque<LessonId>, lesson: &LessonId) {
    waiting.retain(|other| other != lesson);
}

#[cfg(test)]
mod tests;
