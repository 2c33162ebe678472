package org.codanet.file.torch;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.torch.PickleObject.Dictionary;
import org.codanet.file.torch.PickleObject.Storage;

/**
 * The older format of {@code torch.save}. It consists of five consecutive pickles: a magic number, the protocol, the machine, the
 * value, and the keys of the storages. Then each storage follows as a 64-bit count and its elements.
 */
final class TorchStream extends TorchStorages {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;
    /** The pickles describe tensors but contain none of their elements, so they are small. */
    private static final long PICKLE_LIMIT = 32L << 20;

    private final FileBytes bytes;
    private final Map<String, Long> positions;

    private TorchStream(FileBytes bytes, Object value, Map<String, Long> positions) {
        super(bytes.name(), bytes.size(), value);
        this.bytes = bytes;
        this.positions = positions;
    }

    static TorchStream open(FileBytes bytes) throws IOException {
        String file = bytes.name();
        if (bytes.read(0, 1, "the first byte")[0] != (byte) 0x80) {
            throw new FileFormatException(file, "is not a PyTorch file: it begins neither as a zip nor as a pickle");
        }
        long size = Math.min(bytes.size(), PICKLE_LIMIT);
        ByteBuffer pickles = ByteBuffer.wrap(bytes.read(0, size, "the pickles"));
        Object magic = new PickleReader(file, pickles).read();
        if (!MAGIC.equals(magic)) {
            throw new FileFormatException(file, "is a pickle of " + PickleObject.kind(magic) + ", not a PyTorch file");
        }
        if (!(new PickleReader(file, pickles).read() instanceof Long protocol) || protocol != PROTOCOL) {
            throw new FileFormatException(file, "has a PyTorch protocol other than " + PROTOCOL);
        }
        if (!(new PickleReader(file, pickles).read() instanceof Dictionary machine)
                || !Boolean.TRUE.equals(machine.entries().get("little_endian"))) {
            throw new FileFormatException(
                    file,
                    "was written on a big-endian machine, which is not read; load and save it on a little-endian one");
        }
        PickleReader reader = new PickleReader(file, pickles);
        Object value = reader.read();
        if (!(new PickleReader(file, pickles).read() instanceof List<?> keys)) {
            throw new FileFormatException(file, "has no list of storages after its value");
        }
        return new TorchStream(bytes, value, positions(bytes, pickles.position(), reader.storages(), keys));
    }

    private static Map<String, Long> positions(FileBytes bytes, long start, Map<String, Storage> storages, List<?> keys)
            throws IOException {
        Map<String, Long> positions = new LinkedHashMap<>();
        long at = start;
        for (Object key : keys) {
            Storage storage = storages.get(key);
            if (storage == null) {
                throw new FileFormatException(bytes.name(), "storage " + key + " belongs to no tensor");
            }
            long count = bytes.readLong(at, "the size of storage " + key);
            if (count != storage.fileCount()) {
                throw new FileFormatException(
                        bytes.name(),
                        String.format(
                                Locale.ROOT,
                                "storage %s has %d elements, its tensors expect %d",
                                key,
                                count,
                                storage.fileCount()));
            }
            at += Long.BYTES;
            positions.put(storage.key(), at);
            long left = (bytes.size() - at) / storage.type().bytes();
            if (count > left) {
                throw new FileFormatException(
                        bytes.name(),
                        String.format(
                                Locale.ROOT,
                                "is cut short: storage %s has %d elements, but only %d follow",
                                key,
                                count,
                                left));
            }
            at += count * storage.type().bytes();
        }
        return positions;
    }

    @Override
    byte[] load(Storage storage, long byteCount) throws IOException {
        Long position = positions.get(storage.key());
        if (position == null) {
            throw new FileFormatException(file(), "storage " + storage.key() + " is missing");
        }
        return bytes.read(position, byteCount, "storage " + storage.key());
    }

    /** Does nothing, because the caller owns the bytes. */
    @Override
    public void close() {}
}
