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
 * Makes what users download: a folder with a Java runtime, codanet and its launcher, and beside it an archive of the tests that
 * run on it. {@code mvn package -Pdist} runs this with the JDK of the toolchain; arguments: the folder of the module, the top of
 * the sources, the version, the time that all packed files bear, the JDK that runs Maven.
 */
final class Image {
    /**
     * What codanet's modules require, by jdeps, and what none of them names: {@code jdk.incubator.vector}, which the CPU
     * device's kernels use if it is there, and {@code jdk.zipfs} and {@code jdk.unsupported} for the tests' libraries.
     */
    private static final String MODULES =
            "java.base,java.desktop,java.logging,java.management,jdk.incubator.vector,jdk.management,jdk.unsupported,jdk.zipfs";

    /** Of the carrier of oneDNN: all that the CPU device loads, without headers and bindings for others. */
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
        // Where Maven itself runs on a JDK that will do there is no toolchain, and this may run on another, from the PATH.
        Path jdk = Path.of(Runtime.version().feature() >= 25 ? System.getProperty("java.home") : arguments[4]);
        runtime(image.resolve("runtime"), jdk);
        for (Path jar : list(target.resolve("app/modules"))) {
            plain(jar, image.resolve("modules"), ANYTHING, time);
        }
        plain(target.resolve("codanet-cli.jar"), image.resolve("modules"), ANYTHING, time);
        for (Path jar : list(target.resolve("app/native"))) {
            plain(jar, image.resolve("native"), NATIVE, time);
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
     * The runtime's classes stay uncompressed: xz makes the archive smaller from plain bytes than from zipped ones. Its libraries
     * lose the names of what is internal to them.
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

    /** Manual pages and the completion of bash, where both look below a prefix; made by the image itself, which so has run once. */
    private static void manuals(Path launcher, Path share) throws IOException, InterruptedException {
        run(launcher.toString(), "generate-man-pages", "--out", share.resolve("man/man1").toString());
        Path completion = Files.createDirectories(share.resolve("bash-completion/completions")).resolve("codanet");
        Process process = new ProcessBuilder(launcher.toString(), "generate-completion")
                .redirectOutput(completion.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (process.waitFor() != 0 || Files.size(completion) == 0) {
            throw new IOException("the image could not write its completion");
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException(command[0] + " ended with status " + status);
        }
    }

    /** Writes a jar once more without compression, for the reason given above; what is gzipped in it stays so, at level 0. */
    private static void plain(Path jar, Path folder, Pattern entries, Instant time) throws IOException {
        Files.createDirectories(folder);
        try (ZipFile in = new ZipFile(jar.toFile());
                OutputStream file = new BufferedOutputStream(Files.newOutputStream(folder.resolve(jar.getFileName())));
                ZipOutputStream out = new ZipOutputStream(file)) {
            out.setMethod(ZipOutputStream.STORED);
            for (ZipEntry entry : in.stream().filter(it -> entries.matcher(it.getName()).matches() && !it.isDirectory()).toList()) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                if (entry.getName().endsWith(".gz")) {
                    bytes = gzippedPlainly(bytes);
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

    private static byte[] gzippedPlainly(byte[] gzipped) throws IOException {
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
     * Refuses an image whose native code asks the system for newer libraries than Debian 12 has (Ubuntu 24.04 has newer). The
     * versions asked for stand by name in a library, and the jar of native libraries is not compressed.
     */
    private static void requireOldLibraries(Path image) throws IOException {
        Map<String, Runtime.Version> most = Map.of("GLIBC", Runtime.Version.parse("2.36"), "GLIBCXX", Runtime.Version.parse("3.4.30"));
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
                Runtime.Version asked = Runtime.Version.parse(version.group(2));
                needed.merge(version.group(1), asked, (a, b) -> a.compareTo(b) < 0 ? b : a);
                if (asked.compareTo(most.get(version.group(1))) > 0) {
                    throw new IOException(file + " needs " + version.group() + ", Debian 12 has " + most.get(version.group(1)));
                }
            }
        }
        if (!needed.keySet().equals(most.keySet())) {
            throw new IOException("of " + most.keySet() + " only " + needed + " were found in " + natives.size() + " files");
        }
        System.out.println("needs of the system: " + needed);
    }

    /** Packs a folder with names in order and one time and owner for all files, so that the same files give the same archive. */
    private static void pack(Path parent, String name, Instant time) throws IOException, InterruptedException {
        Path archive = parent.resolve(name + ".tar.xz");
        ProcessBuilder tar = new ProcessBuilder("tar", "--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner",
                "--mode=u+rw,go+r,go-w,a+X", "--mtime=@" + time.getEpochSecond(), "-C", parent.toString(), "-c", name);
        // One thread: xz writes other bytes with another number of them. The filter makes less of the libraries' machine code.
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
