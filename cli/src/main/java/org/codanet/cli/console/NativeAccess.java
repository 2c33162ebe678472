package org.codanet.cli.console;

import java.util.Optional;

/** Whether this JVM lets the bindings call native code without a warning. */
public final class NativeAccess {
    /** The flag for users who start the JVM themselves. */
    public static final String FLAG = "--enable-native-access=org.codanet.bindings";

    private NativeAccess() {}

    /** Whether the flag was given, or its like in a manifest. */
    public static boolean enabled() {
        Optional<Module> bindings = ModuleLayer.boot().findModule("org.codanet.bindings");
        return bindings.map(Module::isNativeAccessEnabled)
                .orElseGet(() -> NativeAccess.class.getModule().isNativeAccessEnabled());
    }

    /** One line for a person. */
    public static String describe() {
        return enabled() ? "enabled" : "not enabled: start Java with " + FLAG;
    }
}
