package org.codanet.file.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.safetensors.SafetensorsFile;
import org.codanet.file.torch.TorchFile;

/**
 * Files of weights. The reader detects the format by the first bytes of the file. A name that ends in {@code .safetensors} also
 * selects that format.
 */
public final class WeightsFile {
    private WeightsFile() {}

    /**
     * {@return the tensors of a PyTorch checkpoint or of a safetensors file}
     *
     * @param file the file
     * @throws FileFormatException if it is neither, or is damaged
     * @throws IOException if it cannot be read
     */
    public static NamedTensors read(Path file) throws IOException {
        return read(file, Optional.empty());
    }

    /**
     * {@return the tensors of a PyTorch checkpoint or of a safetensors file}
     *
     * @param file the file
     * @param key the key of the weights in a PyTorch checkpoint, such as {@code ema}; empty if the file holds only one set of weights
     * @throws FileFormatException if it is neither, is damaged, or holds no weights under the key
     * @throws IOException if it cannot be read
     */
    public static NamedTensors read(Path file, Optional<String> key) throws IOException {
        boolean safetensors;
        try (FileBytes bytes = FileBytes.open(file)) {
            if (bytes.size() == 0) {
                throw new FileFormatException(bytes.name(), "is empty");
            }
            // A safetensors header follows the eight bytes of its length; no PyTorch file has a brace there.
            safetensors = isNamedSafetensors(file)
                    || bytes.size() > Long.BYTES && bytes.read(Long.BYTES, 1, "the header")[0] == '{';
            if (!safetensors && !TorchFile.isTorch(bytes)) {
                throw new FileFormatException(bytes.name(), "is neither a PyTorch checkpoint nor a safetensors file");
            }
        }
        if (!safetensors) {
            return TorchFile.read(file, key);
        }
        if (key.isPresent()) {
            throw new FileFormatException(
                    file.toString(), "is a safetensors file, which has no keys to choose from; leave --key out");
        }
        return SafetensorsFile.read(file);
    }

    /**
     * Writes or replaces a file, in the safetensors format if its name ends in {@code .safetensors}, otherwise in PyTorch's zip
     * format.
     *
     * @param file the file
     * @param weights the tensors
     * @throws IOException if it cannot be written; the old file is then unchanged
     */
    public static void write(Path file, NamedTensors weights) throws IOException {
        if (isNamedSafetensors(file)) {
            SafetensorsFile.write(file, weights);
        } else {
            TorchFile.write(file, weights);
        }
    }

    private static boolean isNamedSafetensors(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".safetensors");
    }
}
