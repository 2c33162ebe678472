package org.codanet.file;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Named arrays in the order of the file, with its metadata.
 *
 * @param tensors the arrays by name, in the order of the file; immutable
 * @param metadata texts by name, as in safetensors' {@code __metadata__}, in the order of the file; immutable, often empty
 */
public record NamedTensors(Map<String, TensorData> tensors, Map<String, String> metadata) {
    private static final int NAMES_IN_MESSAGE = 12;

    /** Copies both maps. */
    public NamedTensors {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * Arrays without metadata.
     *
     * @param tensors the arrays by name; the map is copied in its order
     */
    public NamedTensors(Map<String, TensorData> tensors) {
        this(tensors, Map.of());
    }

    /** {@return the names, in the file's order} */
    public Set<String> names() {
        return tensors.keySet();
    }

    /**
     * {@return the array of this name}
     *
     * @param name its name in the file
     * @throws IllegalArgumentException if there is no such array; the message lists the names that exist
     */
    public TensorData get(String name) {
        TensorData tensor = tensors.get(name);
        if (tensor == null) {
            List<String> known = List.copyOf(names());
            String some = known.size() <= NAMES_IN_MESSAGE
                    ? known.toString()
                    : known.subList(0, NAMES_IN_MESSAGE) + " and " + (known.size() - NAMES_IN_MESSAGE) + " more";
            throw new IllegalArgumentException("no tensor is called " + name + "; there are " + some);
        }
        return tensor;
    }

    /**
     * {@return these arrays with other metadata}
     *
     * @param words the new metadata
     */
    public NamedTensors withMetadata(Map<String, String> words) {
        return new NamedTensors(tensors, words);
    }

    /** {@return the names of the arrays that hold NaN or an infinity, in order; empty if every value is finite} */
    public List<String> nonFinite() {
        List<String> names = new ArrayList<>();
        tensors.forEach((name, tensor) -> {
            if (!tensor.isFinite()) {
                names.add(name);
            }
        });
        return names;
    }

    /**
     * Checks that every value is a finite number.
     *
     * @param file the file to name in the message
     * @throws FileFormatException if an array holds NaN or an infinity; the message names these arrays
     */
    public void requireFinite(String file) throws FileFormatException {
        List<String> names = nonFinite();
        if (!names.isEmpty()) {
            throw new FileFormatException(
                    file,
                    "NaN or infinite values in " + String.join(" and ", names)
                            + "; such weights are refused, unless `convert --allow-nan` is to bring them into another format");
        }
    }
}
