package org.codanet.file.torch;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.torch.PickleObject.Storage;
import org.codanet.file.torch.PickleObject.Tensor;

/** The value of an open checkpoint and the storages that its tensors view. Each of the two formats stores them in its own layout. */
abstract class TorchStorages implements Closeable {
    /**
     * The result may have this many bytes in addition to a multiple of the file's size, because the tensors of a small file may be
     * mostly views.
     */
    private static final long FREE_BYTES = 64L << 20;

    private static final int BYTES_PER_FILE_BYTE = 16;

    private final String file;
    private final Object value;
    private final Map<String, byte[]> loaded = new HashMap<>();
    private final Map<String, Storage> seen = new HashMap<>();
    private long budget;

    TorchStorages(String file, long fileSize, Object value) {
        this.file = file;
        this.value = value;
        this.budget = FREE_BYTES + BYTES_PER_FILE_BYTE * fileSize;
    }

    /** {@return the value of the pickle} */
    final Object value() {
        return value;
    }

    final String file() {
        return file;
    }

    /** {@return all bytes of a storage, which has {@code storage.fileCount()} elements} */
    abstract byte[] load(Storage storage, long byteCount) throws IOException;

    /** {@return the elements of a tensor in row-major order; this program must be able to represent its element type} */
    final TensorData resolve(String name, Tensor tensor) throws IOException {
        Storage storage = tensor.storage();
        ElementType type = storage.type().element().orElseThrow();
        List<Integer> shape = new ArrayList<>();
        long count = 1;
        long last = tensor.offset();
        try {
            for (int i = 0; i < tensor.shape().size(); i++) {
                int extent = Math.toIntExact(tensor.shape().get(i));
                long stride = tensor.strides().get(i);
                if (extent < 0 || stride < 0) {
                    throw new ArithmeticException("negative");
                }
                shape.add(extent);
                count = Math.multiplyExact(count, extent);
                last = Math.addExact(last, Math.multiplyExact(Math.max(0L, extent - 1L), stride));
            }
            Math.toIntExact(Math.multiplyExact(count, type.bytes()));
        } catch (ArithmeticException e) {
            throw new FileFormatException(
                    file,
                    String.format(
                            Locale.ROOT,
                            "tensor %s has the impossible shape %s with strides %s",
                            name,
                            TensorData.shapeText(tensor.shape()),
                            tensor.strides()),
                    e);
        }
        if (tensor.offset() < 0 || count > 0 && last >= storage.count()) {
            throw new FileFormatException(
                    file,
                    String.format(
                            Locale.ROOT,
                            "tensor %s reaches element %d of its storage, which has %d",
                            name,
                            last,
                            storage.count()));
        }
        byte[] source = bytes(name, storage);
        long start = storage.start() + tensor.offset();
        if (start == 0 && count == storage.fileCount() && isRowMajor(shape, tensor.strides())) {
            return TensorData.ofRaw(type, shape, source);
        }
        spend(name, count * type.bytes());
        byte[] target = gather(source, type.bytes(), start, shape, tensor.strides(), (int) count);
        return TensorData.ofRaw(type, shape, target);
    }

    private byte[] bytes(String name, Storage storage) throws IOException {
        Storage before = seen.putIfAbsent(storage.key(), storage);
        if (before != null && (!before.type().equals(storage.type()) || before.fileCount() != storage.fileCount())) {
            throw new FileFormatException(
                    file, "storage " + storage.key() + " of tensor " + name + " is described in two ways");
        }
        byte[] bytes = loaded.get(storage.key());
        if (bytes == null) {
            long byteCount;
            try {
                byteCount =
                        Math.multiplyExact(storage.fileCount(), storage.type().bytes());
            } catch (ArithmeticException e) {
                throw new FileFormatException(file, "storage " + storage.key() + " is impossibly large", e);
            }
            spend(name, byteCount);
            bytes = load(storage, byteCount);
            loaded.put(storage.key(), bytes);
        }
        return bytes;
    }

    private void spend(String name, long bytes) throws FileFormatException {
        budget -= bytes;
        if (budget < 0) {
            throw new FileFormatException(
                    file, "tensor " + name + " makes the content far larger than the file, so it is refused");
        }
    }

    private static boolean isRowMajor(List<Integer> shape, List<Long> strides) {
        long expected = 1;
        for (int i = shape.size() - 1; i >= 0; i--) {
            if (shape.get(i) != 1 && strides.get(i) != expected) {
                return false;
            }
            expected *= shape.get(i);
        }
        return true;
    }

    private static byte[] gather(
            byte[] source, int width, long start, List<Integer> shape, List<Long> strides, int count) {
        byte[] target = new byte[count * width];
        int[] index = new int[shape.size()];
        long at = start;
        for (int i = 0; i < count; i++) {
            System.arraycopy(source, (int) (at * width), target, i * width, width);
            for (int d = index.length - 1; d >= 0; d--) {
                at += strides.get(d);
                if (++index[d] < shape.get(d)) {
                    break;
                }
                at -= strides.get(d) * shape.get(d);
                index[d] = 0;
            }
        }
        return target;
    }
}
