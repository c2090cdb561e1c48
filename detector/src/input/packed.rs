//! Packed bytes into plain ones, as a `Read` that gives everything that came before a fault and then says what
//! the fault was.

use std::io::{self, Read};

/// Bytes asked of the file at a time.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// The most that packed data may grow by.
///
/// Logs of IIS shrink 10 to 60 fold. A log of one probe repeated all day, with nothing but its clock changing,
/// is the extreme: gzip makes 1/91 of it, zstd -19 1/258. Deflate cannot pass 1,032, and zeros come close.
pub(crate) const MAX_RATIO: u64 = 700;

/// Output up to which the ratio is not judged: the start of a log may well be all alike, and this much is no
/// bomb whatever it came from.
pub(crate) const UNJUDGED_BYTES: u64 = 64 << 20;

/// What bounds the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) ratio: u64,
    pub(crate) unjudged_bytes: u64,
    /// The most bytes of output altogether; `None` where the ratio is bound enough.
    pub(crate) total_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ratio: MAX_RATIO,
            unjudged_bytes: UNJUDGED_BYTES,
            total_bytes: None,
        }
    }
}

/// One way of packing.
pub(crate) trait Unpack {
    /// Its name in messages.
    const NAME: &'static str;

    /// Takes some of `input` and writes some of `out`. What was written before a fault counts.
    fn unpack(&mut self, input: &[u8], out: &mut [u8]) -> Step;

    /// Whether the input may end here; an error says what is wrong with the whole.
    fn end(&mut self) -> Result<bool, String>;
}

/// What one call did.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) used: usize,
    pub(crate) written: usize,
    /// Why it cannot go on.
    pub(crate) fault: Option<String>,
}

/// The plain bytes of packed input.
pub(crate) struct Unpacked<R, U> {
    input: R,
    block: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    unpack: U,
    limits: Limits,
    used: u64,
    written: u64,
    /// Told again to whoever asks again.
    fault: Option<(io::ErrorKind, String)>,
}

impl<R: Read, U: Unpack> Unpacked<R, U> {
    pub(crate) fn new(input: R, unpack: U, limits: Limits) -> Self {
        Self {
            input,
            block: vec![0; BLOCK_BYTES],
            start: 0,
            end: 0,
            at_end: false,
            unpack,
            limits,
            used: 0,
            written: 0,
            fault: None,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.input.read(&mut self.block) {
                Ok(count) => {
                    (self.start, self.end) = (0, count);
                    self.at_end = count == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// One step, with its fault and the limits noted.
    fn step(&mut self, out: &mut [u8]) -> Step {
        let mut step = self.unpack.unpack(&self.block[self.start..self.end], out);
        self.start += step.used;
        self.used += step.used as u64;
        self.written += step.written as u64;
        if let Some(detail) = step.fault.take() {
            self.fail(
                io::ErrorKind::InvalidData,
                &format!("is damaged ({detail})"),
            );
        } else if self.written > self.limits.unjudged_bytes
            && self.written / self.limits.ratio > self.used
        {
            let what = format!(
                "unpacks to more than {} times its size, which no log does; {} bytes were unpacked",
                self.limits.ratio, self.used
            );
            self.fail(io::ErrorKind::InvalidData, &what);
        } else if self
            .limits
            .total_bytes
            .is_some_and(|limit| self.written > limit)
        {
            let what = "unpacks to more bytes than is allowed";
            self.fail(io::ErrorKind::InvalidData, what);
        }
        step
    }

    fn fail(&mut self, kind: io::ErrorKind, what: &str) {
        let message = format!(
            "the {} data {what}, after {} bytes of text",
            U::NAME,
            self.written
        );
        self.fault = Some((kind, message));
    }
}

impl<R: Read, U: Unpack> Read for Unpacked<R, U> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some((kind, message)) = &self.fault {
                return Err(io::Error::new(*kind, message.clone()));
            }
            if self.start == self.end && !self.at_end {
                self.fill()?;
            }
            let step = self.step(out);
            if step.written > 0 {
                return Ok(step.written);
            }
            if step.used > 0 || self.fault.is_some() {
                continue;
            }
            // Neither taken nor given anything: all there is has been seen, unless the decoder is stuck.
            if !self.at_end {
                if self.start == self.end {
                    continue;
                }
                self.fail(io::ErrorKind::InvalidData, "is damaged (it leads nowhere)");
                continue;
            }
            match self.unpack.end() {
                Ok(true) => return Ok(0),
                Ok(false) => {
                    let what = "is cut off: it ends in the middle";
                    self.fail(io::ErrorKind::UnexpectedEof, what);
                }
                Err(detail) => {
                    self.fail(
                        io::ErrorKind::InvalidData,
                        &format!("is damaged ({detail})"),
                    );
                }
            }
        }
    }
}
