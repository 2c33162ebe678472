package org.codanet.file.torch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.AtomicFile;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.codanet.file.torch.PickleObject.Dictionary;
import org.codanet.file.torch.PickleObject.Tensor;

/**
 * PyTorch's checkpoints ({@code .pkl}, {@code .pth}, {@code .pt}, {@code .th}), read without running anything in them.
 *
 * <p>Both formats of {@code torch.save} are read: the zip archive and the older stream. What is returned is the dictionary of
 * tensors: the file's value itself, or its entry {@code state_dict}; names lose the prefix {@code module.} that parallel
 * training adds. Views become arrays of their own. Anything else in the place of a tensor is refused by name, as is every
 * instruction and every function that a dictionary of tensors does not need. Written is the zip format, which
 * {@code torch.load(file, weights_only=True)} reads.
 */
public final class TorchFile {
    /** Where training programs put the tensors when the file holds other things too. */
    private static final List<String> NESTED = List.of("state_dict", "model_state_dict", "model");

    private static final String PARALLEL_PREFIX = "module.";

    private TorchFile() {}

    /**
     * {@return the tensors of a checkpoint in its order; strings and numbers beside a nested dictionary become metadata}
     *
     * @param file the file, in either format
     * @throws FileFormatException if it is not a sound checkpoint or holds anything but a dictionary of tensors
     * @throws IOException if it cannot be read
     */
    public static NamedTensors read(Path file) throws IOException {
        try (FileBytes bytes = FileBytes.open(file)) {
            if (bytes.size() == 0) {
                throw new FileFormatException(bytes.name(), "is empty");
            }
            try (TorchStorages storages = isZip(bytes) ? TorchZip.open(file, bytes) : TorchStream.open(bytes)) {
                return tensors(bytes.name(), storages);
            }
        }
    }

    /** {@return whether a file begins as a zip archive does, or as a pickle of protocol 2 or later does} */
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

    private static NamedTensors tensors(String file, TorchStorages storages) throws IOException {
        if (!(storages.value() instanceof Dictionary top)) {
            throw new FileFormatException(
                    file, "holds " + PickleObject.kind(storages.value()) + ", not a dictionary of tensors");
        }
        Dictionary dictionary = top;
        Map<String, String> metadata = new LinkedHashMap<>();
        for (String name : NESTED) {
            if (top.entries().get(name) instanceof Dictionary inner) {
                dictionary = inner;
                top.entries().forEach((key, value) -> {
                    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
                        metadata.put(key.toString(), value.toString());
                    }
                });
                break;
            }
        }
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (Map.Entry<Object, Object> entry : dictionary.entries().entrySet()) {
            String key = entry.getKey().toString();
            if (!(entry.getValue() instanceof Tensor tensor)) {
                throw new FileFormatException(
                        file, "entry " + key + " is " + PickleObject.kind(entry.getValue()) + ", not a tensor");
            }
            String name = key.startsWith(PARALLEL_PREFIX) ? key.substring(PARALLEL_PREFIX.length()) : key;
            if (tensors.put(name, storages.resolve(name, tensor)) != null) {
                throw new FileFormatException(file, "tensor " + name + " stands twice, once with the prefix module.");
            }
        }
        if (tensors.isEmpty()) {
            throw new FileFormatException(file, "holds an empty dictionary, no tensors");
        }
        return new NamedTensors(tensors, metadata);
    }

    /**
     * Writes or replaces a checkpoint in PyTorch's zip format, in one step as {@link AtomicFile} describes: an OrderedDict of
     * tensors. The metadata have no place in that format and are left out. Equal content gives equal bytes.
     *
     * @param file the file
     * @param content the tensors, under the names that PyTorch is to see
     * @throws IOException if it cannot be written; the old file is then as it was
     */
    public static void write(Path file, NamedTensors content) throws IOException {
        AtomicFile.write(file, channel -> TorchZip.write(channel, content));
    }
}
