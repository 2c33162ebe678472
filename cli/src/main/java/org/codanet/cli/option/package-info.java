/**
 * Options that several commands share, as picocli mixins: which device, which model, which images, which classes. Each converts the
 * words of the command line to values of the library. Read {@link org.codanet.cli.option.DeviceOption} first.
 */
package org.codanet.cli.option;
