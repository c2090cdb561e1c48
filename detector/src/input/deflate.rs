//! `.gz` with any number of members, and the members of a `.zip`: deflated, stored, and checked by their sum.
//!
//! The decoder is driven by hand, not through `flate2::read`: that one drops what it had written when it comes
//! upon damage in the same call, up to a whole buffer of good text.

use super::packed::{Step, Unpack};
use flate2::{Crc, Decompress, FlushDecompress, Status};

/// The largest window of deflate, 32 KiB, as a power of two.
const WINDOW_BITS: u8 = 15;

/// A gzip file: members one behind another, with zeros behind the last, as tapes and block devices leave them.
#[derive(Default)]
pub(crate) struct Gzip {
    member: Option<Decompress>,
    /// A member has been read to its end.
    any: bool,
}

impl Unpack for Gzip {
    const NAME: &'static str = "gzip";

    fn unpack(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let mut zeros = 0;
        if self.member.is_none() {
            if self.any {
                zeros = input.iter().take_while(|byte| **byte == 0).count();
            }
            match input.get(zeros) {
                None => {
                    return Step {
                        used: zeros,
                        ..Step::default()
                    };
                }
                Some(0x1f) => {}
                Some(_) => {
                    return Step {
                        used: zeros,
                        fault: Some("something else than gzip follows it".to_owned()),
                        ..Step::default()
                    };
                }
            }
        }
        let member = self
            .member
            .get_or_insert_with(|| Decompress::new_gzip(WINDOW_BITS));
        let (mut step, ended) = inflate(member, &input[zeros..], out);
        step.used += zeros;
        if ended {
            self.member = None;
            self.any = true;
        }
        step
    }

    fn end(&mut self) -> Result<bool, String> {
        Ok(self.any && self.member.is_none())
    }
}

/// Bare deflate.
pub(crate) struct Deflate {
    stream: Decompress,
    ended: bool,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            stream: Decompress::new(false),
            ended: false,
        }
    }
}

impl Unpack for Deflate {
    const NAME: &'static str = "zip";

    fn unpack(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if self.ended {
            let fault = (!input.is_empty()).then(|| "it is longer than its contents".to_owned());
            return Step {
                fault,
                ..Step::default()
            };
        }
        let (step, ended) = inflate(&mut self.stream, input, out);
        self.ended = ended;
        step
    }

    fn end(&mut self) -> Result<bool, String> {
        Ok(self.ended)
    }
}

/// Not packed at all.
#[derive(Default)]
pub(crate) struct Stored;

impl Unpack for Stored {
    const NAME: &'static str = "zip";

    fn unpack(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let count = input.len().min(out.len());
        out[..count].copy_from_slice(&input[..count]);
        Step {
            used: count,
            written: count,
            fault: None,
        }
    }

    fn end(&mut self) -> Result<bool, String> {
        Ok(true)
    }
}

/// A member of a `.zip`, held against the length and the sum that the directory gives.
pub(crate) struct Checked<U> {
    unpack: U,
    crc: Crc,
    length: u64,
    expected_crc: u32,
    expected_length: u64,
}

impl<U> Checked<U> {
    pub(crate) fn new(unpack: U, expected_crc: u32, expected_length: u64) -> Self {
        Self {
            unpack,
            crc: Crc::new(),
            length: 0,
            expected_crc,
            expected_length,
        }
    }
}

impl<U: Unpack> Unpack for Checked<U> {
    const NAME: &'static str = "zip";

    fn unpack(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let step = self.unpack.unpack(input, out);
        self.crc.update(&out[..step.written]);
        self.length += step.written as u64;
        step
    }

    fn end(&mut self) -> Result<bool, String> {
        if !self.unpack.end()? {
            return Ok(false);
        }
        if self.length != self.expected_length {
            return Err(format!(
                "{} bytes long, {} in the archive's directory",
                self.length, self.expected_length
            ));
        }
        if self.crc.sum() != self.expected_crc {
            return Err("its checksum is wrong".to_owned());
        }
        Ok(true)
    }
}

/// One call of the decoder, and whether its stream has ended.
fn inflate(stream: &mut Decompress, input: &[u8], out: &mut [u8]) -> (Step, bool) {
    let (used, written) = (stream.total_in(), stream.total_out());
    let result = stream.decompress(input, out, FlushDecompress::None);
    let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
    let mut step = Step {
        used: count(stream.total_in(), used),
        written: count(stream.total_out(), written),
        fault: None,
    };
    let mut ended = false;
    match result {
        Ok(status) => ended = matches!(status, Status::StreamEnd),
        Err(error) => {
            let detail = error.message().unwrap_or("no valid deflate stream");
            step.fault = Some(detail.to_owned());
        }
    }
    (step, ended)
}
