package org.codanet.gpu.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Compiled kernels in the user's cache folder. The key covers everything that the machine code depends on: source text, options,
 * architecture and compiler version. A file begins with the SHA-256 of its content, so a truncated file is detected and ignored. If a
 * file cannot be read, its source is compiled again.
 */
final class KernelCache {
    private static final int DIGEST = 32;

    private final Path folder;
    private final String version;

    KernelCache(Path folder, String version) {
        this.folder = folder;
        this.version = version;
    }

    Optional<byte[]> find(KernelSource source, String target) {
        try {
            byte[] file = Files.readAllBytes(path(source, target));
            byte[] code = Arrays.copyOfRange(file, Math.min(DIGEST, file.length), file.length);
            boolean intact = Arrays.equals(sha256().digest(code), Arrays.copyOf(file, DIGEST));
            return intact ? Optional.of(code) : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    void store(KernelSource source, String target, byte[] code) {
        try {
            Files.createDirectories(folder);
            // The file is moved into place, so another process never reads an incomplete file.
            Path temporary = Files.createTempFile(folder, "kernel", ".part");
            byte[] file = Arrays.copyOf(sha256().digest(code), DIGEST + code.length);
            System.arraycopy(code, 0, file, DIGEST, code.length);
            Files.write(temporary, file);
            Files.move(
                    temporary,
                    path(source, target),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException unwritable) {
            // Not an error: without the cache the next start compiles again, which takes some tenths of a second.
        }
    }

    private Path path(KernelSource source, String target) {
        MessageDigest digest = sha256();
        for (String part : List.of(version, String.join(" ", RuntimeCompiler.options(source, target)), source.text())) {
            digest.update(part.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
        }
        String key = HexFormat.of().formatHex(digest.digest(), 0, 16);
        return folder.resolve(source.file().replace('/', '-').replace(".cu", "") + "-" + target + "-" + key);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
