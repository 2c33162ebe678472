package org.codanet.file.torch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.codanet.file.AtomicFile;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.torch.PickleObject.Dictionary;
import org.codanet.file.torch.PickleObject.Opaque;
import org.codanet.file.torch.PickleObject.Tensor;

/**
 * Reads PyTorch's checkpoints ({@code .pkl}, {@code .pth}, {@code .pt}, {@code .th}) without running any code in them.
 *
 * <p>Both formats of {@code torch.save} are read: the zip archive and the older stream. The result is the dictionary of weights,
 * which {@link StateDicts} finds at any place in the file. Prefixes that wrappers of modules add to names are removed
 * ({@link StateDictNames}). Each view of a storage becomes a separate array. Other Python objects are skipped. Files are written in
 * the zip format, which {@code torch.load(file, weights_only=True)} reads.
 */
public final class TorchFile {
    private TorchFile() {}

    /**
     * {@return the weights of a checkpoint in its order; strings and numbers beside them become metadata}
     *
     * @param file the file, in either format
     * @throws FileFormatException if it is damaged or dangerous, or holds no weights or several networks
     * @throws IOException if it cannot be read
     */
    public static NamedTensors read(Path file) throws IOException {
        return read(file, Optional.empty());
    }

    /**
     * {@return the weights of a checkpoint in its order; strings and numbers beside them become metadata}
     *
     * @param file the file, in either format
     * @param key the key of the weights in the file, such as {@code ema} or {@code ema.model}; empty if the file holds only one set
     *     of weights
     * @throws FileFormatException if it is damaged or dangerous, holds no weights under the key, or holds several networks and no key
     *     is given
     * @throws IOException if it cannot be read
     */
    public static NamedTensors read(Path file, Optional<String> key) throws IOException {
        try (FileBytes bytes = FileBytes.open(file)) {
            if (bytes.size() == 0) {
                throw new FileFormatException(bytes.name(), "is empty");
            }
            try (TorchStorages storages = isZip(bytes) ? TorchZip.open(file, bytes) : TorchStream.open(bytes)) {
                return tensors(bytes.name(), storages, key);
            }
        }
    }

    /** {@return whether a file begins like a zip archive or like a pickle of protocol 2 or later} */
    public static boolean isTorch(FileBytes bytes) throws IOException {
        return isZip(bytes) || bytes.size() > 0 && bytes.read(0, 1, "the first byte")[0] == (byte) 0x80;
    }

    private static boolean isZip(FileBytes bytes) throws IOException {
        if (bytes.size() < 4) {
            return false;
        }
        byte[] head = bytes.read(0, 4, "the first bytes");
        return head[0] == 'P' && head[1] == 'K' && head[2] == 3 && head[3] == 4;
    }

    private static NamedTensors tensors(String file, TorchStorages storages, Optional<String> key) throws IOException {
        Dictionary weights = new StateDicts(file, storages.value()).select(key);
        Map<String, String> metadata = new LinkedHashMap<>();
        if (storages.value() instanceof Dictionary top) {
            addPlainValues(top, metadata);
        }
        addPlainValues(weights, metadata);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<Object, Object> entry : weights.entries().entrySet()) {
            String name = entry.getKey().toString();
            if (StateDictNames.isBookkeeping(name)) {
                continue;
            }
            if (isUnreadTensor(entry.getValue())) {
                throw new FileFormatException(
                        file,
                        "entry " + name + " is " + PickleObject.kind(entry.getValue())
                                + "; only dense tensors of real numbers are read, so convert it in Python before saving");
            }
            if (entry.getValue() instanceof Tensor tensor && tensors.put(name, tensor) != null) {
                throw new FileFormatException(file, "tensor " + name + " occurs twice");
            }
        }
        if (tensors.isEmpty()) {
            throw new FileFormatException(file, "holds only counters of its training, no weights");
        }
        String prefix = StateDictNames.sharedPrefix(tensors.keySet());
        Map<String, TensorData> resolved = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            String name = entry.getKey().substring(prefix.length());
            resolved.put(name, storages.resolve(name, entry.getValue()));
        }
        return new NamedTensors(resolved, metadata);
    }

    private static void addPlainValues(Dictionary dictionary, Map<String, String> metadata) {
        dictionary.entries().forEach((key, value) -> {
            if (value instanceof String || value instanceof Number || value instanceof Boolean) {
                metadata.put(key.toString(), value.toString());
            }
        });
    }

    /** Whether a value is a quantised, sparse or complex tensor, or a tensor of an unknown type. */
    private static boolean isUnreadTensor(Object value) {
        return switch (value) {
            case Tensor tensor -> tensor.storage().type().element().isEmpty();
            case Opaque opaque ->
                opaque.name().startsWith("torch._utils._rebuild")
                        || opaque.name().startsWith("torch._tensor._rebuild");
            default -> false;
        };
    }

    /**
     * Writes or replaces a checkpoint in PyTorch's zip format, atomically as {@link AtomicFile} describes. Its value is an
     * OrderedDict of tensors. The format has no place for metadata, so the metadata is not written. Equal content gives equal bytes.
     *
     * @param file the file
     * @param content the tensors, by the names they will have in PyTorch
     * @throws IOException if it cannot be written; the old file is then unchanged
     */
    public static void write(Path file, NamedTensors content) throws IOException {
        AtomicFile.write(file, channel -> TorchZip.write(channel, content));
    }
}
