//! Reading ahead: where a thread has nothing left to do, it unpacks for one that still has a log to look over. The
//! decoder is the slower of the two, so the log is then read at the decoder's speed.

use super::work::StageClock;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Blocks that wait for who looks over them; more would take memory and gain nothing.
const WAITING_BLOCKS: usize = 4;

/// What one thread reads for another.
pub(super) struct Errand {
    input: Box<dyn Read + Send>,
    block_bytes: usize,
    full: SyncSender<Filled>,
    empty: Receiver<Vec<u8>>,
}

/// What came of one block.
struct Filled {
    bytes: Vec<u8>,
    count: usize,
    /// The end of the input, or why nothing more can be read; it comes behind the bytes.
    end: Option<io::Result<()>>,
}

impl Errand {
    /// Reads to the end of the input, or until nobody wants more of it.
    pub(super) fn run(mut self, clock: &StageClock) {
        loop {
            // At most so many are made as can be under way.
            let mut bytes = self.empty.try_recv().unwrap_or_default();
            bytes.resize(self.block_bytes, 0);
            let (count, end) = clock.reading_ahead(|| fill(&mut self.input, &mut bytes));
            let is_end = end.is_some();
            let filled = Filled { bytes, count, end };
            if self.full.send(filled).is_err() || is_end {
                return;
            }
        }
    }
}

/// Fills the block as far as the input goes: decoders give less at a time than is worth waking a thread for.
fn fill(input: &mut impl Read, block: &mut [u8]) -> (usize, Option<io::Result<()>>) {
    let mut count = 0;
    while count < block.len() {
        match super::feed::read(input, &mut block[count..]) {
            Ok(0) => return (count, Some(Ok(()))),
            Ok(more) => count += more,
            Err(error) => return (count, Some(Err(error))),
        }
    }
    (count, None)
}

/// The input of a log: read here, or by another thread.
pub(super) struct Stream<'a> {
    place: Place,
    clock: &'a StageClock,
}

enum Place {
    Here(Box<dyn Read + Send>),
    Ahead(Ahead),
}

struct Ahead {
    full: Receiver<Filled>,
    empty: Sender<Vec<u8>>,
    /// The block that is being given, and from where.
    now: Filled,
    at: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(input: Box<dyn Read + Send>, clock: &'a StageClock) -> Self {
        Self {
            place: Place::Here(input),
            clock,
        }
    }

    /// Lets another thread read, where this one still does and `give` finds another. `give` calls what it is given
    /// only where it hands the errand to somebody.
    pub(super) fn hand_over(
        &mut self,
        block_bytes: usize,
        give: impl FnOnce(&mut dyn FnMut() -> Errand),
    ) {
        let place = &mut self.place;
        give(&mut || {
            let (full_out, full) = sync_channel(WAITING_BLOCKS);
            let (empty, empty_out) = channel();
            let now = Filled {
                bytes: Vec::new(),
                count: 0,
                end: None,
            };
            let ahead = Place::Ahead(Ahead {
                full,
                empty,
                now,
                at: 0,
            });
            let input: Box<dyn Read + Send> = match std::mem::replace(place, ahead) {
                Place::Here(input) => input,
                // Never asked for; a chain of threads would read the same.
                Place::Ahead(ahead) => Box::new(ahead),
            };
            Errand {
                input,
                block_bytes,
                full: full_out,
                empty: empty_out,
            }
        });
    }

    /// Whether this thread reads.
    pub(super) fn is_here(&self) -> bool {
        matches!(self.place, Place::Here(_))
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Here(input) => self.clock.reading(|| input.read(out)),
            Place::Ahead(ahead) => self.clock.waiting(|| ahead.read(out)),
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.now.count {
            match self.now.end.take() {
                Some(Ok(())) => {
                    self.now.end = Some(Ok(()));
                    return Ok(0);
                }
                Some(Err(error)) => return Err(error),
                None => {}
            }
            let Ok(next) = self.full.recv() else {
                // It panicked, or its error was told already.
                return Err(io::Error::other("the thread that read it has ended"));
            };
            let used = std::mem::replace(&mut self.now, next).bytes;
            self.at = 0;
            if !used.is_empty() {
                // Whoever has come to the end needs no more memory.
                drop(self.empty.send(used));
            }
        }
        let count = out.len().min(self.now.count - self.at);
        out[..count].copy_from_slice(&self.now.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::work::StageClock;
    use super::{Errand, Stream};
    use std::io::{self, Cursor, Read};

    /// Fails behind what it has.
    struct Broken(Cursor<Vec<u8>>);

    impl Read for Broken {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::new(io::ErrorKind::InvalidData, "bad")),
                count => Ok(count),
            }
        }
    }

    fn handed_over(
        input: impl Read + Send + 'static,
        clock: &StageClock,
    ) -> (Stream<'_>, Option<Errand>) {
        let mut stream = Stream::new(Box::new(input), clock);
        let mut errand = None;
        stream.hand_over(10, |make| errand = Some(make()));
        assert!(!stream.is_here());
        (stream, errand)
    }

    #[test]
    fn bytes_and_then_the_end_or_the_error() {
        let clock = StageClock::default();
        for length in [0, 1, 9, 10, 11, 1000] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            for is_broken in [false, true] {
                let (mut stream, errand) = if is_broken {
                    handed_over(Broken(Cursor::new(bytes.clone())), &clock)
                } else {
                    handed_over(Cursor::new(bytes.clone()), &clock)
                };
                std::thread::scope(|scope| {
                    scope.spawn(|| errand.unwrap().run(&clock));
                    let mut read = Vec::new();
                    let outcome = stream.read_to_end(&mut read);
                    assert_eq!(read, bytes);
                    let kind = outcome.err().map(|error| error.kind());
                    assert_eq!(kind, is_broken.then_some(io::ErrorKind::InvalidData));
                });
            }
        }
    }

    /// Neither side waits for one that is gone.
    #[test]
    fn nobody_is_waited_for() {
        let clock = StageClock::default();
        let (stream, errand) = handed_over(io::repeat(b'x'), &clock);
        std::thread::scope(|scope| {
            scope.spawn(|| errand.unwrap().run(&clock));
            drop(stream);
        });
        let (mut stream, errand) = handed_over(io::repeat(b'x'), &clock);
        drop(errand);
        assert!(stream.read(&mut [0; 5]).is_err());
    }
}
