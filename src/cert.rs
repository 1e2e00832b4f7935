//! `tongke cert`: a private CA and a server certificate, for a county network without a public one.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use jiff::{ToSpan, civil::Date};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::fault::Fault;

/// Browsers refuse server certificates that are valid for longer than 825 days.
const SERVER_DAYS: i64 = 800;
/// The CA outlives several server certificates.
const CA_DAYS: i64 = 3650;

/// Writes `ca.pem`, `ca-key.pem`, `server.pem` (with the CA behind it) and `server-key.pem` into `out`. A CA that is
/// there is used again, so that what trusts it keeps trusting.
pub fn make(out: &Path, names: &[String]) -> anyhow::Result<()> {
    fs::create_dir_all(out).map_err(|e| {
        let out = out.display();
        Fault::new(format_args!("不能写目录 {out}：{e}"), format_args!("cannot write to {out}"))
    })?;
    let (ca_key, ca_pem) = (out.join("ca-key.pem"), out.join("ca.pem"));
    let key = match fs::read_to_string(&ca_key) {
        Ok(pem) => KeyPair::from_pem(&pem)?,
        Err(_) => KeyPair::generate()?,
    };
    let is_new = !ca_key.exists();
    let ca = CertifiedIssuer::self_signed(ca_params()?, key)?;
    if is_new {
        write_secret(&ca_key, &ca.key().serialize_pem())?;
        fs::write(&ca_pem, ca.pem())?;
    }
    let key = KeyPair::generate()?;
    let certificate = server_params(names)?.signed_by(&key, &ca)?;
    write_secret(&out.join("server-key.pem"), &key.serialize_pem())?;
    let chain = certificate.pem() + &fs::read_to_string(&ca_pem)?;
    fs::write(out.join("server.pem"), chain)?;
    Ok(())
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Valid from yesterday, because clocks of old panels are wrong, for this many days.
fn valid_for(params: &mut CertificateParams, days: i64) -> anyhow::Result<()> {
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date();
    let at = |date: Date| -> anyhow::Result<_> {
        let (month, day) = (u8::try_from(date.month())?, u8::try_from(date.day())?);
        Ok(date_time_ymd(date.year().into(), month, day))
    };
    params.not_before = at(today.yesterday()?)?;
    params.not_after = at(today.checked_add(days.days())?)?;
    Ok(())
}

fn ca_params() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Tongke private CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, CA_DAYS)?;
    Ok(params)
}

fn server_params(names: &[String]) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names.to_vec()).map_err(|e| {
        Fault::new(format_args!("--name 不是主机名或地址：{e}"), "--name takes host names and addresses")
    })?;
    params.distinguished_name = named(names.first().map_or("tongke", String::as_str));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, SERVER_DAYS)?;
    Ok(params)
}

/// Only the owner may read a key.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http, testing::TempDir};

    #[tokio::test]
    async fn what_is_made_can_be_served_and_the_ca_stays_the_same() {
        let dir = TempDir::new();
        let names = ["tongke.school".to_owned(), "10.1.2.3".to_owned()];
        make(dir.path(), &names).unwrap();
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        let (ca, server) = (read("ca.pem"), read("server.pem"));
        assert!(server.ends_with(&ca));
        make(dir.path(), &names).unwrap();
        assert_eq!(read("ca.pem"), ca);
        assert_ne!(read("server.pem"), server);
        let files = (dir.path().join("server.pem"), dir.path().join("server-key.pem"));
        let bound = http::bind("127.0.0.1:0", Some((&files.0, &files.1))).await;
        assert!(bound.is_ok_and(|server| server.is_secure()));
    }

    #[test]
    fn only_the_owner_may_read_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let dir = TempDir::new();
        make(dir.path(), &["a".to_owned()]).unwrap();
        for name in ["ca-key.pem", "server-key.pem"] {
            let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
    }
}
