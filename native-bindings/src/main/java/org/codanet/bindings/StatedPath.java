package org.codanet.bindings;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A library, or the folder it lies in, that the user states by a system property or an environment variable. */
record StatedPath(String origin, Path path, List<String> fileNames) implements NativeLibrary.Source {

    /** What is stated; the property goes before the variable. */
    static Optional<StatedPath> of(
            String property,
            String variable,
            List<String> fileNames,
            UnaryOperator<String> properties,
            UnaryOperator<String> environment) {
        String stated = properties.apply(property);
        if (stated != null && !stated.isBlank()) {
            return Optional.of(new StatedPath("-D" + property, Path.of(stated), fileNames));
        }
        stated = environment.apply(variable);
        return stated != null && !stated.isBlank()
                ? Optional.of(new StatedPath(variable, Path.of(stated), fileNames))
                : Optional.empty();
    }

    @Override
    public List<String> candidates() throws NativeLibrary.Unusable {
        Path absolute = path.toAbsolutePath().normalize();
        if (!Files.exists(absolute)) {
            throw new NativeLibrary.Unusable(absolute.toString(), "does not exist");
        }
        return Files.isDirectory(absolute)
                ? fileNames.stream()
                        .map(name -> absolute.resolve(name).toString())
                        .toList()
                : List.of(absolute.toString());
    }
}
