package org.codanet.file.torch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.codanet.file.FileFormatException;
import org.codanet.file.torch.PickleObject.Dictionary;
import org.codanet.file.torch.PickleObject.Opaque;
import org.codanet.file.torch.PickleObject.Tensor;

/**
 * Finds the dictionary of weights, which PyTorch calls the state dict, in the value of a checkpoint.
 *
 * <p>The dictionary may be the value itself, or be nested in it under any name, such as {@code state_dict}, {@code model} or
 * {@code net}, up to eight levels deep. A dictionary counts as weights if it does not belong to an optimiser and one of its tensors
 * has two or more extents. If no dictionary has such a tensor, any dictionary with tensors counts. If several dictionaries count, the
 * one at the top level is used. If there is none at the top level, the caller must name one.
 */
final class StateDicts {
    private static final int ENTRIES_IN_MESSAGE = 8;
    private static final String CURE = "in Python, torch.save(model.state_dict(), file) writes a file that is read";

    private final String file;
    private final Object value;
    /** All dictionaries with tensors by their path, such as {@code ema.model}; the top level is the empty path. */
    private final Map<String, Dictionary> found = new LinkedHashMap<>();

    private final Set<Object> visited = Collections.newSetFromMap(new IdentityHashMap<>());

    /**
     * @param file the name of the file in error messages
     * @param value the value of the pickle
     */
    StateDicts(String file, Object value) {
        this.file = file;
        this.value = value;
        collect("", value, 0);
    }

    private void collect(String path, Object candidate, int depth) {
        Optional<Dictionary> dictionary = dictionary(candidate);
        if (dictionary.isEmpty() || depth > 8 || !visited.add(candidate)) {
            return;
        }
        if (dictionary.get().entries().values().stream().anyMatch(Tensor.class::isInstance)) {
            found.put(path, dictionary.get());
        }
        dictionary.get().entries().forEach((key, inner) -> {
            if (key instanceof String name && !isOptimiser(name)) {
                collect(path.isEmpty() ? name : path + "." + name, inner, depth + 1);
            }
        });
    }

    private static Optional<Dictionary> dictionary(Object value) {
        return switch (value) {
            case Dictionary plain -> Optional.of(plain);
            case Opaque opaque when !opaque.entries().entries().isEmpty() -> Optional.of(opaque.entries());
            default -> Optional.empty();
        };
    }

    private static boolean isOptimiser(String name) {
        return name.startsWith("optim") || name.endsWith("optimizer") || name.endsWith("optimiser");
    }

    /** {@return the dictionary under this name, or the only one if no name is given} */
    Dictionary select(Optional<String> key) throws FileFormatException {
        if (key.isPresent()) {
            return named(key.get());
        }
        Map<String, Dictionary> weights = new LinkedHashMap<>(found);
        if (found.values().stream().anyMatch(StateDicts::holdsMatrices)) {
            weights.values().removeIf(dictionary -> !holdsMatrices(dictionary));
        }
        if (weights.containsKey("")) {
            return weights.get("");
        }
        if (weights.size() > 1) {
            throw new FileFormatException(
                    file,
                    "holds weights under several names: " + String.join(", ", weights.keySet())
                            + "; choose one with `codanet convert --key NAME`");
        }
        return weights.values().stream().findFirst().orElseThrow(this::noWeights);
    }

    private Dictionary named(String key) throws FileFormatException {
        Dictionary dictionary = found.get(key);
        if (dictionary == null) {
            List<String> names = new ArrayList<>(found.keySet());
            names.remove("");
            throw new FileFormatException(
                    file,
                    "holds no tensors under the key " + key + "; "
                            + (names.isEmpty() ? "no entry does" : "the keys that do are " + String.join(", ", names)));
        }
        return dictionary;
    }

    private static boolean holdsMatrices(Dictionary dictionary) {
        return dictionary.entries().values().stream()
                .anyMatch(value ->
                        value instanceof Tensor tensor && tensor.shape().size() >= 2);
    }

    private FileFormatException noWeights() {
        if (value instanceof Dictionary empty && empty.entries().isEmpty()) {
            return new FileFormatException(file, "holds an empty dictionary, no tensors");
        }
        Optional<Dictionary> top = dictionary(value);
        if (top.isEmpty()) {
            return new FileFormatException(
                    file, "holds " + PickleObject.kind(value) + ", not a dictionary of tensors; " + CURE);
        }
        List<String> entries = new ArrayList<>();
        for (Map.Entry<Object, Object> entry : top.get().entries().entrySet()) {
            if (entries.size() == ENTRIES_IN_MESSAGE) {
                entries.add((top.get().entries().size() - ENTRIES_IN_MESSAGE) + " more");
                break;
            }
            entries.add(entry.getKey() + " is " + PickleObject.kind(entry.getValue()));
        }
        return new FileFormatException(file, "holds no weights: " + String.join(", ", entries) + "; " + CURE);
    }
}
