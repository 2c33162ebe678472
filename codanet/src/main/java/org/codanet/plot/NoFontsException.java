package org.codanet.plot;

/** This Java runtime finds no font, so it cannot draw text into a picture. */
public final class NoFontsException extends Exception {
    private static final long serialVersionUID = 1;

    NoFontsException(Throwable cause) {
        super("this system has no fonts that Java can use; install fontconfig and a font, such as DejaVu Sans", cause);
    }
}
