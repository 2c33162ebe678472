package org.codanet.bindings;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The places to search for CUDA's libraries, in order. */
final class CudaSources {
    private static final String PROPERTY = "codanet.cuda.path";
    private static final String VARIABLE = "CODANET_CUDA_PATH";
    private static final String JAR_FOLDER = "org/bytedeco/cuda/linux-x86_64/";

    private final UnaryOperator<String> properties;
    private final UnaryOperator<String> environment;

    CudaSources(UnaryOperator<String> properties, UnaryOperator<String> environment) {
        this.properties = properties;
        this.environment = environment;
    }

    /** A rule whose places are determined only when all rules before it have failed. */
    private record Rule(String origin, Places places) implements NativeLibrary.Source {
        @Override
        public List<String> candidates() throws NativeLibrary.Unusable {
            return places.candidates();
        }
    }

    @FunctionalInterface
    private interface Places {
        List<String> candidates() throws NativeLibrary.Unusable;
    }

    /**
     * For the driver: the configured folders if they contain one (a simulated driver or a compatibility package), or else the system. pip
     * and Maven do not provide drivers.
     */
    List<NativeLibrary.Source> driver(List<String> fileNames) {
        List<NativeLibrary.Source> sources = new ArrayList<>();
        String configured = configured();
        if (configured != null && !below(configured, fileNames).isEmpty()) {
            sources.add(new Rule(configuredBy(), () -> below(configured, fileNames)));
        } else {
            sources.add(new SystemName("system libraries", fileNames));
        }
        return sources;
    }

    /**
     * For a library of the toolkit. If folders are configured, nothing else is tried, so that no other library than the configured one is
     * used.
     *
     * @param together matches all files that must be unpacked into one folder
     */
    List<NativeLibrary.Source> toolkit(List<String> fileNames, Pattern together) {
        String configured = configured();
        if (configured != null) {
            return List.of(
                    new Rule(configuredBy(), () -> required(configured, below(configured, fileNames), fileNames)));
        }
        return List.of(
                new Rule("CUDA_HOME", () -> home(fileNames)),
                new SystemName("system libraries", fileNames),
                new Rule("VIRTUAL_ENV", () -> virtualEnvironment(fileNames)),
                new Rule("python3", () -> python(fileNames)),
                new BundledLibrary(JAR_FOLDER, fileNames, together, CacheFolder.path(properties, environment)),
                new Rule("Maven repository", () -> repository(fileNames, together)));
    }

    private String configured() {
        String property = properties.apply(PROPERTY);
        String folders = property != null && !property.isBlank() ? property : environment.apply(VARIABLE);
        return folders == null || folders.isBlank() ? null : folders;
    }

    private String configuredBy() {
        String property = properties.apply(PROPERTY);
        return property != null && !property.isBlank() ? "-D" + PROPERTY : VARIABLE;
    }

    /** Files below folders that are separated as in PATH. */
    private static List<String> below(String folders, List<String> fileNames) {
        List<String> files = new ArrayList<>();
        for (String folder : folders.split(Pattern.quote(File.pathSeparator))) {
            files.addAll(CudaFolders.files(Path.of(folder).toAbsolutePath().normalize(), fileNames));
        }
        return files;
    }

    private static List<String> required(String place, List<String> found, List<String> fileNames)
            throws NativeLibrary.Unusable {
        if (found.isEmpty()) {
            throw new NativeLibrary.Unusable(place, "no " + String.join(" or ", fileNames) + " in it");
        }
        return found;
    }

    private List<String> home(List<String> fileNames) throws NativeLibrary.Unusable {
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            String home = environment.apply(variable);
            if (home != null && !home.isBlank()) {
                return required(home, below(home, fileNames), fileNames);
            }
        }
        String usual = "/usr/local/cuda";
        if (Files.isDirectory(Path.of(usual))) {
            return required(usual, below(usual, fileNames), fileNames);
        }
        throw new NativeLibrary.Unusable("CUDA_HOME", "not set, nor CUDA_PATH, and there is no " + usual);
    }

    private List<String> virtualEnvironment(List<String> fileNames) throws NativeLibrary.Unusable {
        String active = environment.apply("VIRTUAL_ENV");
        if (active == null || active.isBlank()) {
            active = environment.apply("CONDA_PREFIX");
        }
        if (active == null || active.isBlank()) {
            throw new NativeLibrary.Unusable("VIRTUAL_ENV", "not set, nor CONDA_PREFIX: no environment is active");
        }
        return required(active, below(active, fileNames), fileNames);
    }

    private List<String> python(List<String> fileNames) throws NativeLibrary.Unusable {
        List<String> folders = pythonFolders();
        List<String> files = new ArrayList<>();
        for (String folder : folders) {
            Path packages = Path.of(folder).resolve("nvidia");
            if (Files.isDirectory(packages)) {
                files.addAll(CudaFolders.files(packages, fileNames));
            }
        }
        return required("nvidia/ in " + String.join(", ", folders), files, fileNames);
    }

    /**
     * Asks python3 for its folders of packages. Only python3 knows its user folder, its virtual environment and the folders that a
     * distribution added.
     */
    private List<String> pythonFolders() throws NativeLibrary.Unusable {
        String question = "import sys; print('\\n'.join(p for p in sys.path if 'packages' in p))";
        ProcessBuilder python = new ProcessBuilder("python3", "-c", question);
        // Python must not import from the current folder.
        python.environment().put("PYTHONSAFEPATH", "1");
        python.redirectError(ProcessBuilder.Redirect.DISCARD);
        try {
            Process process = python.start();
            process.getOutputStream().close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new NativeLibrary.Unusable("python3", "did not answer in 10 s");
            }
            List<String> folders = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
            if (folders.isEmpty()) {
                throw new NativeLibrary.Unusable(
                        "python3", "names no folder of packages (exit status " + process.exitValue() + ")");
            }
            return folders;
        } catch (IOException failure) {
            throw new NativeLibrary.Unusable("python3", "cannot be run: " + failure.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new NativeLibrary.Unusable("python3", "interrupted while waiting for its answer");
        }
    }

    /**
     * Files from jars that an earlier build left in the local Maven repository, the newest version first. Nothing is downloaded.
     */
    private List<String> repository(List<String> fileNames, Pattern together) throws NativeLibrary.Unusable {
        String local = properties.apply("maven.repo.local");
        Path repository = local != null && !local.isBlank()
                ? Path.of(local)
                : Path.of(properties.apply("user.home"), ".m2", "repository");
        Path group = repository.resolve("org").resolve("bytedeco");
        List<Path> jars = jars(group);
        List<String> reasons = new ArrayList<>();
        for (Path jar : jars) {
            try {
                Path folder = UnpackedJar.folder(jar, JAR_FOLDER, together, CacheFolder.path(properties, environment));
                List<String> files = fileNames.stream()
                        .map(name -> folder.resolve(name))
                        .filter(Files::exists)
                        .map(Path::toString)
                        .toList();
                if (!files.isEmpty()) {
                    return files;
                }
            } catch (IOException failure) {
                reasons.add(failure.getMessage());
            }
        }
        throw new NativeLibrary.Unusable(
                group.toString(),
                jars.isEmpty()
                        ? "no jar cuda-redist*-linux-x86_64.jar in it"
                        : "no " + String.join(" or ", fileNames) + " in its jars: " + String.join("; ", reasons));
    }

    private static List<Path> jars(Path group) {
        if (!Files.isDirectory(group)) {
            return List.of();
        }
        // org/bytedeco/cuda-redist-cublas/13.1-9.19-1.5.13/cuda-redist-cublas-13.1-9.19-1.5.13-linux-x86_64.jar, and
        // org/bytedeco/cuda/12.6-9.5-1.5.11/cuda-12.6-9.5-1.5.11-linux-x86_64-redist.jar
        Pattern name = Pattern.compile("cuda-redist.*-linux-x86_64\\.jar|cuda-.*-linux-x86_64-redist\\.jar");
        try (Stream<Path> files = Files.walk(group, 3)) {
            return files.filter(
                            file -> name.matcher(file.getFileName().toString()).matches())
                    .sorted(Comparator.comparing((Path file) ->
                                    file.getParent().getFileName().toString())
                            .reversed())
                    .toList();
        } catch (IOException unreadable) {
            return List.of();
        }
    }
}
