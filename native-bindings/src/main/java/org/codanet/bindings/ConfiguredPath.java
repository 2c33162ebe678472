package org.codanet.bindings;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A library, or its folder, that the user named in a system property or an environment variable. */
record ConfiguredPath(String origin, Path path, List<String> fileNames) implements NativeLibrary.Source {

    /** The path in the property, or else in the variable; empty if neither is set. */
    static Optional<ConfiguredPath> of(
            String property,
            String variable,
            List<String> fileNames,
            UnaryOperator<String> properties,
            UnaryOperator<String> environment) {
        String value = properties.apply(property);
        if (value != null && !value.isBlank()) {
            return Optional.of(new ConfiguredPath("-D" + property, Path.of(value), fileNames));
        }
        value = environment.apply(variable);
        return value != null && !value.isBlank()
                ? Optional.of(new ConfiguredPath(variable, Path.of(value), fileNames))
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
