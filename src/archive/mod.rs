//! Copies finished recordings to an object store: S3 or what speaks its language, or another file system. What is there
//! already, file by file and by its length, is not sent again, so a copy that was broken off goes on where it was. The local
//! files stay; `stored.json` beside them says that the store has acknowledged every one.

mod upload;

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use object_store::{ObjectStore, path::Path as Key};
use protocol::LessonId;
use tokio::sync::mpsc;
use url::Url;

use crate::config::StoreConfig;

/// Lessons waiting to be copied; a further one is copied after the next start.
const WAITING: usize = 4_096;
/// Pause after a copy that failed, doubled each time up to the longest.
const RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(3_600);

/// Where recordings are copied to.
#[derive(Debug, Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
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
        let url = Url::parse(&config.url).with_context(|| format!("recording.store.url = {:?}", config.url))?;
        let (objects, prefix) = object_store::parse_url_opts(&url, options(config))
            .with_context(|| format!("recording.store.url = {:?}", config.url))?;
        Ok(Some(Self { objects: objects.into(), prefix }))
    }
}

fn options(config: &StoreConfig) -> BTreeMap<&'static str, String> {
    let all = [
        ("aws_endpoint", config.endpoint.clone()),
        ("aws_region", config.region.clone()),
        ("aws_access_key_id", config.access_key_id.clone()),
        ("aws_secret_access_key", config.secret_access_key.clone()),
        ("allow_http", if config.endpoint.starts_with("http://") { "true".into() } else { String::new() }),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
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
    let mut waiting: VecDeque<LessonId> = upload::not_stored(&recordings).into();
    let mut pause = RETRY;
    loop {
        while let Ok(lesson) = told.try_recv() {
            waiting.push_back(lesson);
        }
        let Some(lesson) = waiting.front().cloned() else {
            match told.recv().await {
                Some(lesson) => waiting.push_back(lesson),
                None => return,
            }
            continue;
        };
        match upload::copy(&store, &recordings, &lesson).await {
            Ok(()) => {
                waiting.pop_front();
                pause = RETRY;
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(%lesson, error, "a recording could not be copied to the store; it is tried again");
                // One lesson that cannot be copied must not keep the others.
                waiting.rotate_left(1);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_RETRY);
            }
        }
    }
}

#[cfg(test)]
mod tests;
