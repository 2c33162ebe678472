package org.codanet.cli.serve;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.codanet.file.FileFormatException;
import org.codanet.file.InputFile;

/** Reads a certificate chain and its private key from PEM files. */
public final class TlsFiles {
    private static final Pattern KEY = Pattern.compile("-----BEGIN (.*?)PRIVATE KEY-----(.*?)-----END", Pattern.DOTALL);
    private static final char[] NO_PASSWORD = new char[0];

    private TlsFiles() {}

    /**
     * The context of a server.
     *
     * @param chain the certificate of the server, and those that signed it
     * @param key its private key in PKCS #8 without a password
     * @throws FileFormatException if a file does not hold that
     */
    public static SSLContext read(Path chain, Path key) throws IOException {
        try {
            PrivateKey secret = key(key);
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            byte[] text = InputFile.text(chain).getBytes(StandardCharsets.UTF_8);
            Certificate[] certificates =
                    factory.generateCertificates(new ByteArrayInputStream(text)).toArray(Certificate[]::new);
            if (certificates.length == 0) {
                throw new FileFormatException(chain.toString(), "holds no certificate in PEM form");
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("server", secret, NO_PASSWORD, certificates);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new FileFormatException(
                    chain.toString(), "is no certificate for the key in " + key + ": " + e.getMessage(), e);
        }
    }

    private static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
        Matcher pem = KEY.matcher(InputFile.text(file));
        if (!pem.find()) {
            throw new FileFormatException(file.toString(), "holds no private key in PEM form");
        }
        if (!pem.group(1).isEmpty()) {
            throw new FileFormatException(
                    file.toString(),
                    "holds an '" + pem.group(1) + "PRIVATE KEY'; convert it with openssl pkcs8 -topk8 -nocrypt");
        }
        byte[] encoded;
        try {
            encoded = Base64.getMimeDecoder().decode(pem.group(2).strip());
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.toString(), "is damaged: the key is not base64", e);
        }
        for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            } catch (InvalidKeySpecException e) {
                // The key is of another kind.
            }
        }
        throw new FileFormatException(file.toString(), "holds a key that is neither RSA nor EC nor Ed25519");
    }
}
