/* For forms of the admin that choose a picture and are no page editor. */
import { equipPictureFields } from "page-editor/pictures";

equipPictureFields();
