//! Requests into files: one that is appended to and measured as it grows, the logs and labels of a site, and the
//! text of a line.

mod file;
mod line;
mod site;

pub(crate) use file::OutputFile;
pub(crate) use site::SiteLog;
