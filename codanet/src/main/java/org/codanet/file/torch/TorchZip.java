package org.codanet.file.torch;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.torch.PickleObject.Storage;
import org.codanet.file.torch.PickleObject.StorageType;

/**
 * The zip format of {@code torch.save}: one folder with {@code data.pkl}, which describes the tensors, and
 * {@code data/<key>}, the bytes of each storage.
 */
final class TorchZip extends TorchStorages {
    private static final long PICKLE_LIMIT = 32L << 20;
    private static final String PICKLE = "/data.pkl";
    /** PyTorch's own name for a file written to a stream. */
    private static final String FOLDER = "archive";
    /** The earliest time that a zip entry can have. The time is fixed so that equal tensors give equal bytes. */
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private final ZipFile zip;
    private final String folder;

    private TorchZip(String file, long fileSize, Object value, ZipFile zip, String folder) {
        super(file, fileSize, value);
        this.zip = zip;
        this.folder = folder;
    }

    static TorchZip open(Path path, FileBytes bytes) throws IOException {
        String file = bytes.name();
        ZipFile zip;
        try {
            zip = new ZipFile(path.toFile());
        } catch (ZipException e) {
            throw new FileFormatException(file, "is a zip that is cut short or damaged: " + e.getMessage(), e);
        }
        try {
            String pickle = pickleName(file, zip);
            String folder = pickle.substring(0, pickle.length() - PICKLE.length());
            ZipEntry order = zip.getEntry(folder + "/byteorder");
            if (order != null
                    && !new String(read(file, zip, order, 16), StandardCharsets.US_ASCII)
                            .strip()
                            .equals("little")) {
                throw new FileFormatException(
                        file,
                        "was written on a big-endian machine, which is not read; load and save it on a little-endian one");
            }
            if (zip.getEntry(folder + "/constants.pkl") != null) {
                throw new FileFormatException(
                        file,
                        "is a TorchScript archive, not a checkpoint; in Python, torch.save(torch.jit.load(file).state_dict(),"
                                + " other_file) writes its weights");
            }
            byte[] program = read(file, zip, zip.getEntry(pickle), PICKLE_LIMIT);
            Object value = new PickleReader(file, ByteBuffer.wrap(program)).read();
            return new TorchZip(file, bytes.size(), value, zip, folder);
        } catch (IOException | RuntimeException e) {
            zip.close();
            throw e;
        }
    }

    private static String pickleName(String file, ZipFile zip) throws FileFormatException {
        List<String> names = zip.stream()
                .map(ZipEntry::getName)
                .filter(name -> name.endsWith(PICKLE) && name.indexOf('/') == name.length() - PICKLE.length())
                .toList();
        if (names.size() != 1) {
            throw new FileFormatException(
                    file, "is a zip with " + names.size() + " entries called data.pkl, not a PyTorch file");
        }
        return names.getFirst();
    }

    /**
     * {@return an entry's bytes, at most {@code limit}} The checksum is verified unless it is 0, which PyTorch writes if checksums
     * are switched off.
     */
    private static byte[] read(String file, ZipFile zip, ZipEntry entry, long limit) throws IOException {
        if (entry.getSize() < 0 || entry.getSize() > limit || limit > Integer.MAX_VALUE - 8) {
            throw new FileFormatException(
                    file,
                    "zip entry " + entry.getName() + " has " + entry.getSize() + " bytes, at most " + limit + " fit");
        }
        byte[] bytes;
        try (InputStream stream = zip.getInputStream(entry)) {
            bytes = stream.readNBytes((int) entry.getSize());
        } catch (ZipException | EOFException e) {
            throw new FileFormatException(file, "zip entry " + entry.getName() + " is damaged or cut short", e);
        }
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if (bytes.length != entry.getSize() || entry.getCrc() != 0 && crc.getValue() != entry.getCrc()) {
            throw new FileFormatException(file, "zip entry " + entry.getName() + " is damaged: its checksum is wrong");
        }
        return bytes;
    }

    @Override
    byte[] load(Storage storage, long byteCount) throws IOException {
        String name = folder + "/data/" + storage.key();
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
            throw new FileFormatException(file(), "zip entry " + name + " is missing");
        }
        if (entry.getSize() != byteCount) {
            throw new FileFormatException(
                    file(),
                    String.format(
                            Locale.ROOT,
                            "zip entry %s has %d bytes, its tensors expect %d",
                            name,
                            entry.getSize(),
                            byteCount));
        }
        return read(file(), zip, entry, byteCount);
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }

    /** Writes a complete archive, with every entry stored uncompressed. */
    static void write(FileChannel channel, NamedTensors content) throws IOException {
        // The streams are finished and flushed but not closed, because the caller owns the channel.
        BufferedOutputStream buffer = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        ZipOutputStream zip = new ZipOutputStream(buffer);
        put(zip, "data.pkl", pickle(content.tensors()));
        put(zip, "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
        int key = 0;
        for (TensorData tensor : content.tensors().values()) {
            put(zip, "data/" + key++, tensor.rawBytes());
        }
        put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
        zip.finish();
        buffer.flush();
    }

    private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        ZipEntry entry = new ZipEntry(FOLDER + "/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setTimeLocal(TIME);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }

    /** {@return a pickle of protocol 2 that builds an OrderedDict of tensors, each with its own storage} */
    private static byte[] pickle(Map<String, TensorData> tensors) {
        PickleWriter out = new PickleWriter();
        out.global("collections", "OrderedDict").op(')').op('R').op('(');
        int key = 0;
        for (Map.Entry<String, TensorData> entry : tensors.entrySet()) {
            TensorData tensor = entry.getValue();
            out.text(entry.getKey())
                    .global("torch._utils", "_rebuild_tensor_v2")
                    .op('(');
            out.op('(').text("storage").global("torch", StorageType.nameOf(tensor.type()));
            out.text(Integer.toString(key++))
                    .text("cpu")
                    .integer(tensor.count())
                    .op('t')
                    .op('Q');
            out.integer(0).op('(');
            tensor.shape().forEach(out::integer);
            out.op('t').op('(');
            long stride = tensor.count();
            for (int extent : tensor.shape()) {
                stride = extent == 0 ? 1 : stride / extent;
                out.integer((int) Math.max(1, stride));
            }
            out.op('t')
                    .op(0x89)
                    .global("collections", "OrderedDict")
                    .op(')')
                    .op('R')
                    .op('t')
                    .op('R');
        }
        out.op('u').op('.');
        return out.bytes();
    }

    /** Appends pickle instructions. */
    private static final class PickleWriter {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        PickleWriter() {
            op(0x80).op(2);
        }

        PickleWriter op(int opcode) {
            bytes.write(opcode);
            return this;
        }

        PickleWriter integer(int value) {
            return op('J').int32(value);
        }

        PickleWriter text(String value) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            op('X').int32(utf8.length);
            bytes.writeBytes(utf8);
            return this;
        }

        PickleWriter global(String module, String name) {
            op('c');
            bytes.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
            return this;
        }

        private PickleWriter int32(int value) {
            bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(value)
                    .array());
            return this;
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }
}
