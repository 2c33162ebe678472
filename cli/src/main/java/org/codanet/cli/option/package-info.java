/**
 * Options that several commands share, as picocli mixins: the device, the model, the images, the classes. Each converts arguments of
 * the command line to values of the library. Read {@link org.codanet.cli.option.DeviceOption} first.
 */
package org.codanet.cli.option;
