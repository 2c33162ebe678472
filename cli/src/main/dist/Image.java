import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Builds the image that users download: a folder with a Java runtime, codanet and its launcher. Also packs the tests that run on
 * an image. {@code mvn package -Pdist} runs this program with the JDK of the toolchain. Arguments: the folder of the module, the
 * root of the sources, the version, the modification time of all packed files, the JDK that runs Maven.
 */
final class Image {
    /**
     * The modules that codanet requires according to jdeps, and three that jdeps does not report: {@code jdk.incubator.vector}, which
     * the kernels of the CPU device use if it is present, and {@code jdk.zipfs} and {@code jdk.unsupported} for libraries of the tests.
     */
    private static final String MODULES =
            "java.base,java.desktop,java.logging,java.management,jdk.httpserver,jdk.incubator.vector,jdk.jfr,jdk.management,jdk.unsupported,jdk.zipfs";

    /** The entries of the oneDNN jar that the CPU device loads. Headers and other bindings are left out. */
    private static final Pattern NATIVE = Pattern.compile("org/bytedeco/dnnl/[^/]+/(libdnnl\\.so\\.3|libgomp\\.so\\.1)|META-INF/maven/.*");

    private static final Pattern ANYTHING = Pattern.compile(".*");

    private Image() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path module = Path.of(arguments[0]);
        Path top = Path.of(arguments[1]);
        String name = "codanet-" + arguments[2] + "-linux-x86_64";
        Instant time = Instant.parse(arguments[3]);
        Path target = module.resolve("target");
        Path dist = target.resolve("dist");
        delete(dist);

        Path image = Files.createDirectories(dist.resolve(name));
        // If the JDK that runs Maven is new enough, no toolchain is used, and this program may run on another JDK from the PATH.
        Path jdk = Path.of(Runtime.version().feature() >= 25 ? System.getProperty("java.home") : arguments[4]);
        runtime(image.resolve("runtime"), jdk);
        for (Path jar : list(target.resolve("app/modules"))) {
            copyUncompressed(jar, image.resolve("modules"), ANYTHING, time);
        }
        copyUncompressed(target.resolve("codanet-cli.jar"), image.resolve("modules"), ANYTHING, time);
        for (Path jar : list(target.resolve("app/native"))) {
            copyUncompressed(jar, image.resolve("native"), NATIVE, time);
        }
        copyAll(top.resolve("nn/src/test/resources/org/codanet/nn/golden"), image.resolve("golden"), "");
        copyAll(top.resolve("codanet/src/test/resources/org/codanet/golden"), image.resolve("golden/net"), "");
        copy(top.resolve("LICENSE"), image.resolve("LICENSE"));
        copy(top.resolve("NOTICE"), image.resolve("NOTICE"));
        Path launcher = image.resolve("bin/codanet");
        copy(module.resolve("src/main/dist/codanet"), launcher);
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
        requireOldLibraries(image);
        manuals(launcher, image.resolve("share"));
        pack(dist, name, time);

        Path tests = Files.createDirectories(dist.resolve("codanet-tests"));
        copyAll(target.resolve("junit"), tests.resolve("lib"), ".jar");
        copyAll(top.resolve("native-bindings/target"), tests.resolve("lib"), "-tests.jar");
        copyAll(top.resolve("nn/target"), tests.resolve("lib"), "-tests.jar");
        copyAll(top.resolve("codanet/target"), tests.resolve("lib"), "-tests.jar");
        pack(dist, "codanet-tests", time);
    }

    /**
     * Links the runtime without compression, because xz compresses plain bytes better than zipped ones. Internal symbols of its
     * libraries are stripped.
     */
    private static void runtime(Path folder, Path jdk) throws IOException, InterruptedException {
        run(jdk.resolve("bin/jlink").toString(), "--add-modules", MODULES, "--vm", "server", "--compress", "zip-0", "--strip-debug",
                "--no-header-files", "--no-man-pages", "--output", folder.toString());
        try (Stream<Path> files = Files.walk(folder.resolve("lib"))) {
            List<String> command = new ArrayList<>(List.of("strip", "--strip-unneeded"));
            files.filter(file -> file.toString().endsWith(".so")).sorted().forEach(file -> command.add(file.toString()));
            run(command.toArray(String[]::new));
        }
    }

    /**
     * Generates manual pages and bash completion in the folders where {@code man} and bash search for them. The image generates them
     * itself, which also checks that it runs.
     */
    private static void manuals(Path launcher, Path share) throws IOException, InterruptedException {
        run(launcher.toString(), "generate-man-pages", "--out", share.resolve("man/man1").toString());
        Path completion = Files.createDirectories(share.resolve("bash-completion/completions")).resolve("codanet");
        Process process = new ProcessBuilder(launcher.toString(), "generate-completion")
                .redirectOutput(completion.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (process.waitFor() != 0 || Files.size(completion) == 0) {
            throw new IOException("the image could not write its bash completion");
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException(command[0] + " ended with status " + status);
        }
    }

    /** Copies a jar without compression, see {@link #runtime}. Gzip files in it remain gzip files, at level 0. */
    private static void copyUncompressed(Path jar, Path folder, Pattern entries, Instant time) throws IOException {
        Files.createDirectories(folder);
        try (ZipFile in = new ZipFile(jar.toFile());
                OutputStream file = new BufferedOutputStream(Files.newOutputStream(folder.resolve(jar.getFileName())));
                ZipOutputStream out = new ZipOutputStream(file)) {
            out.setMethod(ZipOutputStream.STORED);
            for (ZipEntry entry : in.stream().filter(it -> entries.matcher(it.getName()).matches() && !it.isDirectory()).toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                if (entry.getName().endsWith(".gz")) {
                    bytes = gzipUncompressed(bytes);
                }
                CRC32 checksum = new CRC32();
                checksum.update(bytes);
                ZipEntry stored = new ZipEntry(entry.getName());
                stored.setSize(bytes.length);
                stored.setCrc(checksum.getValue());
                stored.setTimeLocal(java.time.LocalDateTime.ofInstant(time, java.time.ZoneOffset.UTC));
                out.putNextEntry(stored);
                out.write(bytes);
                out.closeEntry();
            }
        }
    }

    private static byte[] gzipUncompressed(byte[] gzipped) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzipped));
                GZIPOutputStream out = new GZIPOutputStream(bytes) {
                    {
                        def.setLevel(Deflater.NO_COMPRESSION);
                    }
                }) {
            in.transferTo(out);
        }
        return bytes.toByteArray();
    }

    /**
     * Fails if native code of the image requires newer system libraries than Debian 12 has. (Ubuntu 24.04 has newer ones.) The
     * required versions appear as text in each library. They are visible in the jar of native libraries as well, because it is not
     * compressed.
     */
    private static void requireOldLibraries(Path image) throws IOException {
        Map<String, Runtime.Version> limits = Map.of("GLIBC", Runtime.Version.parse("2.36"), "GLIBCXX", Runtime.Version.parse("3.4.30"));
        Map<String, Runtime.Version> needed = new TreeMap<>();
        List<Path> natives;
        try (Stream<Path> files = Files.walk(image)) {
            natives = files.filter(Files::isRegularFile)
                    .filter(file -> file.toString().matches(".*\\.so|.*/runtime/bin/.*|.*/native/.*"))
                    .toList();
        }
        for (Path file : natives) {
            String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
            Matcher version = Pattern.compile("\\b(GLIBC|GLIBCXX)_(\\d+\\.\\d+(\\.\\d+)?)\\x00").matcher(text);
            while (version.find()) {
                Runtime.Version required = Runtime.Version.parse(version.group(2));
                needed.merge(version.group(1), required, (a, b) -> a.compareTo(b) < 0 ? b : a);
                if (required.compareTo(limits.get(version.group(1))) > 0) {
                    throw new IOException(file + " requires " + version.group() + ", but Debian 12 has " + limits.get(version.group(1)));
                }
            }
        }
        if (!needed.keySet().equals(limits.keySet())) {
            throw new IOException("expected to find versions of " + limits.keySet() + ", but found " + needed + " in " + natives.size() + " files");
        }
        System.out.println("required system libraries: " + needed);
    }

    /** Packs a folder reproducibly: sorted names, and the same time and owner for all files. */
    private static void pack(Path parent, String name, Instant time) throws IOException, InterruptedException {
        Path archive = parent.resolve(name + ".tar.xz");
        ProcessBuilder tar = new ProcessBuilder("tar", "--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner",
                "--mode=u+rw,go+r,go-w,a+X", "--mtime=@" + time.getEpochSecond(), "-C", parent.toString(), "-c", name);
        // The output of xz depends on the number of threads, so it is fixed to one. The x86 filter compresses machine code better.
        ProcessBuilder xz = new ProcessBuilder("xz", "--x86", "--lzma2=preset=9", "-T1", "-c").redirectOutput(archive.toFile());
        tar.redirectError(ProcessBuilder.Redirect.INHERIT);
        xz.redirectError(ProcessBuilder.Redirect.INHERIT);
        for (Process process : ProcessBuilder.startPipeline(List.of(tar, xz))) {
            if (process.waitFor() != 0) {
                throw new IOException(archive + " could not be packed: tar or xz ended with status " + process.exitValue());
            }
        }
        System.out.printf("%s: %.1f MiB%n", archive, Files.size(archive) / 1048576.0);
    }

    private static void copyAll(Path from, Path to, String ending) throws IOException {
        for (Path file : list(from)) {
            if (file.getFileName().toString().endsWith(ending)) {
                copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
